package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// least is a config.ini without mistakes or warnings, as short as it gets.
const least = `[dpdk]
[vdev0]
args=net_null0
[port0]
addr=10.0.0.2
netmask=255.255.255.0
`

// withDPDK returns least with lines added to [dpdk]; the first is line 2.
func withDPDK(lines ...string) string {
	return strings.Replace(least, "[dpdk]\n", "[dpdk]\n"+strings.Join(lines, "\n")+"\n", 1)
}

// withPort returns least with lines added to [port0]; the first is line 7.
func withPort(lines ...string) string { return least + strings.Join(lines, "\n") + "\n" }

func mustParse(t *testing.T, text string) (*Config, []Warning) {
	t.Helper()
	c, warnings, err := parse("config.ini", []byte(text))
	if err != nil {
		t.Fatalf("parse:\n%v", err)
	}
	return c, warnings
}

// wantLines compares what one check printed, a line per element.
func wantLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func errorLines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func warningLines(warnings []Warning) (lines []string) {
	for _, w := range warnings {
		lines = append(lines, w.String())
	}
	return lines
}

// wantGolden compares got with a file of testdata; -update writes it.
func wantGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it), got:\n%s", path, got)
	}
}
