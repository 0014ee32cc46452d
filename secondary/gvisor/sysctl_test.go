package gvisor

import (
	"testing"

	"ringstack/secondary/enginetest"
)

func TestSysctl(t *testing.T) {
	h := newHost(t)
	enginetest.Variables(t, h.netstack, []enginetest.Variable{
		{Name: "net.inet.ip.ttl", First: "64", Next: "32", Bad: []string{"0", "256", "-1", "x", ""}},
		{Name: "net.inet.tcp.cc.algorithm", First: "cubic", Next: "newreno", Bad: []string{"reno", "vegas", ""}},
		{Name: "net.inet.tcp.recvbuf_auto", First: "1", Next: "0", Bad: []string{"2", "yes", ""}},
		{Name: "net.inet.tcp.recvspace", First: "1048576", Next: "65536", Bad: []string{"0", "4095", "4194305", "1k", "99999999999999999999"}},
		{Name: "net.inet.tcp.sack.enable", First: "1", Next: "0", Bad: []string{"true"}},
		{Name: "net.inet.tcp.sendspace", First: "1048576", Next: "65536", Bad: []string{"0", "4194305", "-5"}},
	})
}
