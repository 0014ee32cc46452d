package gvisor

import (
	"net/netip"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

func TestLinkLocalAddress(t *testing.T) {
	want := address(netip.MustParseAddr("fe80::ff:fe00:1")) // from 02:00:00:00:00:01
	if nic := newHost(t).stack.CheckLocalAddress(1, header.IPv6ProtocolNumber, want); nic != 1 {
		t.Error("the port has no link-local address")
	}
}

func TestQueueLimit(t *testing.T) {
	h := newHost(t)
	var list stack.PacketBufferList
	for range queueLimit + 3 {
		list.PushBack(stack.NewPacketBuffer(stack.PacketBufferOptions{}))
	}
	n, err := h.links[0].WritePackets(list)
	if _, full := err.(*tcpip.ErrNoBufferSpace); n != queueLimit || !full {
		t.Errorf("queued %d, %v", n, err)
	}
	list.Reset()
	if got, _ := h.SysctlGet("net.link.ether.stats.oqdrops"); got != "3" {
		t.Errorf("oqdrops is %s", got)
	}
	if !h.woken {
		t.Error("the loop is not woken")
	}
}
