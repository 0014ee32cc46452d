// Package systemd holds the units; its test lets systemd read them.
package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// install copies the units into a folder, as if the programs that they name were there.
func install(t *testing.T, change func(string) string) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{
		"ringstack.service": "ringstack.service", "ringstack-secondary@.service": "ringstack-secondary@web.service",
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, to)
		unit := strings.ReplaceAll(change(string(text)), "/usr/local/bin/ff-primary", "/bin/true")
		if err := os.WriteFile(path, []byte(unit), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func analyze(args ...string) (string, error) {
	out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
	return string(out), err
}

func TestUnits(t *testing.T) {
	if out, err := analyze(append([]string{"verify", "--man=no"}, install(t, func(s string) string { return s })...)...); err != nil || out != "" {
		t.Errorf("%v\n%s", err, out)
	}
	misspelt := func(s string) string { return strings.ReplaceAll(s, "ProtectHome=", "ProtectHom=") }
	if out, _ := analyze(append([]string{"verify", "--man=no"}, install(t, misspelt)...)...); !strings.Contains(out, "ProtectHom") {
		t.Errorf("a misspelt key passes: %q", out)
	}
}

// TestSecondariesAreConfined lets systemd judge what a secondary's unit leaves open, in tenths of 0 to 10.
func TestSecondariesAreConfined(t *testing.T) {
	for _, unit := range install(t, func(s string) string { return s }) {
		threshold := map[string]string{"ringstack.service": "60", "ringstack-secondary@web.service": "20"}[filepath.Base(unit)]
		if out, err := analyze("security", "--offline=true", "--threshold="+threshold, unit); err != nil {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
	}
}
