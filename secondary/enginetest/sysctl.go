package enginetest

import (
	"slices"
	"strings"
	"syscall"
	"testing"
)

func testSysctlNames(t *testing.T, open Open) {
	h := newHost(t, open, 1)
	defer h.Close()
	names := h.Sysctls()
	if !slices.IsSorted(names) || len(names) == 0 {
		t.Errorf("names %v", names)
	}
	for _, name := range names {
		if value, err := h.SysctlGet(name); value == "" || err != nil {
			t.Errorf("%s is %q, %v", name, value, err)
		}
		if strings.Contains(name, ".stats.") {
			if err := h.SysctlSet(name, "0"); err != syscall.EPERM {
				t.Errorf("set %s: %v", name, err)
			}
		}
	}
	if _, err := h.SysctlGet("net.inet.tcp"); err != syscall.ENOENT {
		t.Errorf("get of an unknown name: %v", err)
	}
	if err := h.SysctlSet("net.inet.tcp", "1"); err != syscall.ENOENT {
		t.Errorf("set of an unknown name: %v", err)
	}
}
