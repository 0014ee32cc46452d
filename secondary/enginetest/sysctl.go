package enginetest

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"ringstack/secondary/engine"
)

// Variable is a sysctl as a fresh engine has it, a value to change it to, and values that it refuses.
type Variable struct {
	Name, First, Next string
	Bad               []string
}

// Variables checks each variable of e, and leaves it at Next.
func Variables(t *testing.T, e engine.Engine, variables []Variable) {
	for _, v := range variables {
		t.Run(v.Name, func(t *testing.T) {
			expect := func(want string) {
				t.Helper()
				if got, err := e.SysctlGet(v.Name); got != want || err != nil {
					t.Errorf("%q, %v; want %q", got, err, want)
				}
			}
			expect(v.First)
			if err := e.SysctlSet(v.Name, v.Next); err != nil {
				t.Error(err)
			}
			expect(v.Next)
			for _, bad := range v.Bad {
				if err := e.SysctlSet(v.Name, bad); err != syscall.EINVAL {
					t.Errorf("set to %q: %v", bad, err)
				}
			}
			expect(v.Next)
		})
	}
}

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
