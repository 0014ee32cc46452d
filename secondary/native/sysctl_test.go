package native

import (
	"syscall"
	"testing"

	"ringstack/secondary/engine"
	"ringstack/secondary/enginetest"
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
	enginetest.Variables(t, e, []enginetest.Variable{
		{Name: "net.inet.ip.ttl", First: "64", Next: "32", Bad: []string{"0", "256", "-1", "x", ""}},
		{Name: "net.inet.tcp.cc.algorithm", First: "cubic", Next: "newreno", Bad: []string{"reno", "vegas", ""}},
		{Name: "net.inet.tcp.delayed_ack", First: "1", Next: "0", Bad: []string{"2", "-1", "on", ""}},
		{Name: "net.inet.tcp.recvbuf_auto", First: "1", Next: "0", Bad: []string{"2", "yes", ""}},
		{Name: "net.inet.tcp.recvspace", First: "65536", Next: "32768", Bad: []string{"0", "4095", "4194305", "1k", "99999999999999999999"}},
		{Name: "net.inet.tcp.sack.enable", First: "1", Next: "0", Bad: []string{"2", "yes", ""}},
		{Name: "net.inet.tcp.sendspace", First: "262144", Next: "65536", Bad: []string{"0", "4194305", "-5"}},
	})
	if err := e.SysctlSet("net.inet.tcp.stats.rcvtotal", "0"); err != syscall.EPERM {
		t.Errorf("set a counter: %v", err)
	}
}
