package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

const shippedPath = "../../config.ini"

func shipped(t *testing.T) (*Config, []string) {
	t.Helper()
	data, err := os.ReadFile(shippedPath)
	if err != nil {
		t.Fatal(err)
	}
	c, warnings := mustParse(t, string(data))
	wantLines(t, "warnings", warningLines(warnings), nil)
	return c, strings.Split(string(data), "\n")
}

func TestShippedFile(t *testing.T) {
	c, _ := shipped(t)
	wantGolden(t, "shipped.effective.ini", printed(t, c))
	wantLines(t, "EAL arguments", c.EALArgs("ff-primary"), []string{
		"ff-primary", "-l", "0", "-n", "4", "--proc-type=primary", "--file-prefix=ringstack",
		"--single-file-segments", "--no-pci",
		"--vdev=net_af_packet0,iface=rsveth0,blocksz=4096,framesz=2048,framecnt=2048,qdisc_bypass=1"})
}

// commentedOut matches a key that a comment of the shipped file shows.
var commentedOut = regexp.MustCompile(`^#([a-z0-9_]+)=`)

// TestShippedFileShowsDefaults takes away the comment sign of one key after the
// other: without the word "Example" before it, that must change nothing.
func TestShippedFileShowsDefaults(t *testing.T) {
	want, lines := shipped(t)
	isExample, tried := false, 0
	for i, text := range lines {
		isExample = text != "" && (isExample || strings.Contains(text, "Example:"))
		if isExample || !commentedOut.MatchString(text) {
			continue
		}
		tried++
		changed := append([]string(nil), lines...)
		changed[i] = text[1:]
		got, warnings := mustParse(t, strings.Join(changed, "\n"))
		if !reflect.DeepEqual(got, want) || len(warnings) > 0 {
			t.Errorf("line %d shows no default: %s, warnings %v", i+1, text, warnings)
		}
	}
	if tried < 15 {
		t.Errorf("only %d defaults found", tried)
	}
}

func TestShippedFileShowsEveryKey(t *testing.T) {
	_, lines := shipped(t)
	shown := make(map[spot]bool)
	section := ""
	for _, text := range lines {
		if name, ok := strings.CutPrefix(strings.TrimPrefix(text, "#"), "["); ok {
			name, _, _ = strings.Cut(name, ".")
			section = strings.TrimRight(name, "0123456789]")
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(text, "#"), "=")
		shown[spot{section, name}] = true
	}
	for _, s := range sections {
		if s.name != "dpdk" && s.name != "port" && s.name != "vdev" && s.name != "proc" {
			continue
		}
		for _, k := range s.keys {
			if !shown[spot{s.name, k.name}] && k.name != "iface" {
				t.Errorf("[%s] %s is not in %s", s.name, k.name, shippedPath)
			}
		}
	}
}
