package native

import (
	"syscall"
	"testing"

	"ringstack/secondary/engine"
)

// noDevice is a Device without buffers.
type noDevice struct{}

func (noDevice) Frame(int) []byte { return nil }
func (noDevice) Send()            {}
func (noDevice) Wake()            {}

func TestSysctl(t *testing.T) {
	e, err := New([]engine.Port{{Name: "eth0", MAC: [6]byte{2}, MTU: 1500, Device: noDevice{}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, first, next string
		bad               []string
	}{
		{"net.inet.ip.ttl", "64", "32", []string{"0", "256", "-1", "x", ""}},
		{"net.inet.tcp.cc.algorithm", "cubic", "newreno", []string{"reno", "vegas", ""}},
		{"net.inet.tcp.recvbuf_auto", "1", "0", []string{"2", "yes", ""}},
		{"net.inet.tcp.recvspace", "65536", "32768", []string{"0", "4095", "4194305", "1k", "99999999999999999999"}},
		{"net.inet.tcp.sendspace", "262144", "65536", []string{"0", "4194305", "-5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect := func(want string) {
				t.Helper()
				if got, err := e.SysctlGet(c.name); got != want || err != nil {
					t.Errorf("%q, %v; want %q", got, err, want)
				}
			}
			expect(c.first)
			if err := e.SysctlSet(c.name, c.next); err != nil {
				t.Error(err)
			}
			expect(c.next)
			for _, bad := range c.bad {
				if err := e.SysctlSet(c.name, bad); err != syscall.EINVAL {
					t.Errorf("set to %q: %v", bad, err)
				}
			}
			expect(c.next)
		})
	}
	for _, name := range []string{"net.inet.tcp.sack.enable", "net.inet.tcp.delayed_ack"} {
		if err := e.SysctlSet(name, "0"); err != syscall.EPERM {
			t.Errorf("set %s: %v", name, err)
		}
	}
}
