package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOracleSequences plays the sequences in testdata/oracle to the engine and to gVisor's stack, over both IP versions.
func TestOracleSequences(t *testing.T) {
	files, _ := filepath.Glob("testdata/oracle/*.txt")
	n, played := 0, 0
	found := differencesFound{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		theme := strings.TrimSuffix(filepath.Base(file), ".txt")
		for _, text := range strings.Split("\n"+string(b), "\n== ")[1:] {
			name, script, _ := strings.Cut(text, "\n")
			for _, six := range []bool{false, true} {
				n++
				t.Run(theme+"/"+name+map[bool]string{false: "/IPv4", true: "/IPv6"}[six], func(t *testing.T) {
					played++
					d := newDuel(t, six, theme == "ecn", found)
					defer d.end()
					d.play(script)
				})
			}
		}
	}
	t.Logf("%d sequences", n)
	if played == n { // not some of them only
		found.check(t)
	}
}
