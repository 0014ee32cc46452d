package gvisor

import (
	"syscall"
	"testing"
)

func TestSysctl(t *testing.T) {
	h := newHost(t)
	for _, c := range []struct {
		name, first, next string
		bad               []string
	}{
		{"net.inet.ip.ttl", "64", "32", []string{"0", "256", "-1", "x", ""}},
		{"net.inet.tcp.cc.algorithm", "cubic", "newreno", []string{"reno", "vegas", ""}},
		{"net.inet.tcp.recvbuf_auto", "1", "0", []string{"2", "yes", ""}},
		{"net.inet.tcp.recvspace", "1048576", "65536", []string{"0", "4095", "4194305", "1k", "99999999999999999999"}},
		{"net.inet.tcp.sack.enable", "1", "0", []string{"true"}},
		{"net.inet.tcp.sendspace", "1048576", "65536", []string{"0", "4194305", "-5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect := func(want string) {
				t.Helper()
				if got, err := h.SysctlGet(c.name); got != want || err != nil {
					t.Errorf("%q, %v; want %q", got, err, want)
				}
			}
			expect(c.first)
			if err := h.SysctlSet(c.name, c.next); err != nil {
				t.Error(err)
			}
			expect(c.next)
			for _, bad := range c.bad {
				if err := h.SysctlSet(c.name, bad); err != syscall.EINVAL {
					t.Errorf("set to %q: %v", bad, err)
				}
			}
			expect(c.next)
		})
	}
}
