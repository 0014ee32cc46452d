package uds

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyDeadSocketsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	listen := func(name string) *net.UnixListener {
		l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: filepath.Join(dir, name), Net: "unixpacket"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		return l
	}
	defer listen("live").Close()
	listen("dead").Close()
	for name, want := range map[string]struct{ removed, stays bool }{
		"file": {false, true}, "live": {false, true}, "dead": {true, false}, "none": {true, false},
	} {
		path := filepath.Join(dir, name)
		if err := removeDead(path); (err == nil) != want.removed {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Lstat(path); (err == nil) != want.stays {
			t.Errorf("%s afterwards: %v", name, err)
		}
	}
}
