package gvisor

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// payload returns the transport protocol of a frame without IP options, and what follows the IP header.
func payload(frame []byte) (proto uint8, data []byte) {
	switch header.Ethernet(frame).Type() {
	case header.IPv4ProtocolNumber:
		return frame[14+9], frame[14+20:]
	case header.IPv6ProtocolNumber:
		return frame[14+6], frame[14+40:]
	}
	return 0, nil
}

func isTCP(frame []byte) bool {
	proto, _ := payload(frame)
	return proto == 6
}

func TestResolution(t *testing.T) {
	for _, c := range []struct {
		name         string
		isRequest    func([]byte) bool
		isReply      func([]byte) bool
		addr         func(*host) netip.Addr
		requestDstIs header.Ethernet
	}{
		{"ARP", isARP(header.ARPRequest), isARP(header.ARPReply), func(h *host) netip.Addr { return h.v4 },
			header.Ethernet("\xff\xff\xff\xff\xff\xff")},
		{"NDP", isNDP(header.ICMPv6NeighborSolicit), isNDP(header.ICMPv6NeighborAdvert), func(h *host) netip.Addr { return h.v6 },
			header.Ethernet("\x33\x33\xff\x00\x00\x02")},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := newPair(t)
			requests, replies := 0, 0
			a.do(func() {
				a.filter = func(f []byte) bool {
					if c.isRequest(f) {
						requests++
						if string(f[:6]) != string(c.requestDstIs) {
							t.Errorf("request to % x", f[:6])
						}
					}
					return true
				}
			})
			b.do(func() {
				b.filter = func(f []byte) bool {
					if c.isReply(f) {
						replies++
					}
					return true
				}
			})
			b.listen(anywhere(80))
			a.dial(netip.AddrPortFrom(c.addr(b), 80))
			a.do(func() {}) // the loops are past what they counted
			b.do(func() {})
			if requests != 1 || replies != 1 {
				t.Errorf("%d requests, %d replies", requests, replies)
			}
		})
	}
}

func isARP(op header.ARPOp) func([]byte) bool {
	return func(f []byte) bool {
		return header.Ethernet(f).Type() == header.ARPProtocolNumber && header.ARP(f[14:]).Op() == op
	}
}

func isNDP(kind header.ICMPv6Type) func([]byte) bool {
	return func(f []byte) bool {
		proto, data := payload(f)
		return proto == 58 && header.ICMPv6(data).Type() == kind
	}
}

func TestGateway(t *testing.T) {
	a, _ := newPair(t)
	wanted := make(chan []byte, 10)
	a.do(func() {
		a.filter = func(f []byte) bool {
			if isARP(header.ARPRequest)(f) {
				wanted <- header.ARP(f[14:]).ProtocolAddressTarget()
			}
			return true
		}
	})
	a.dialUDP(netip.MustParseAddrPort("192.0.2.1:53")).Write([]byte("x"))
	select {
	case got := <-wanted:
		if ip, _ := netip.AddrFromSlice(got); ip.String() != "10.0.0.254" {
			t.Errorf("asks for %s", ip)
		}
	case <-time.After(patience):
		t.Error("does not ask for the gateway")
	}
}

func TestLinkLocalAddress(t *testing.T) {
	h := newHost(t, 1)
	defer h.Close()
	want := address(netip.MustParseAddr("fe80::ff:fe00:1")) // from 02:00:00:00:00:01
	if nic := h.Engine.(*netstack).stack.CheckLocalAddress(1, header.IPv6ProtocolNumber, want); nic != 1 {
		t.Error("the port has no link-local address")
	}
}

// A quiet network stays quiet: no duplicate address detection, router solicitation or listener report.
func TestSilentStart(t *testing.T) {
	h := newHost(t, 1)
	defer h.Close()
	h.filter = func(f []byte) bool {
		t.Errorf("sends % x", f)
		return false
	}
	h.Poll(time.Now())
}

func TestBadChecksum(t *testing.T) {
	families(t, func(t *testing.T, a, b *host, ip netip.Addr) {
		l, udp := b.listen(anywhere(80)), b.listenUDP(53)
		go serveEcho(l)
		client := a.dial(netip.AddrPortFrom(ip, 80))
		spoilt := map[uint8]bool{}
		a.do(func() {
			a.filter = func(f []byte) bool {
				proto, data := payload(f)
				if (proto == 6 || proto == 17) && !spoilt[proto] && len(f) > 100 {
					spoilt[proto] = true
					data[len(data)-1] ^= 1
				}
				return true
			}
		})
		if err := echo(client, noise(3000)); err != nil {
			t.Errorf("echo with a spoilt segment: %v", err)
		}
		sender := a.dialUDP(netip.AddrPortFrom(ip, 53))
		sender.Write(make([]byte, 200))
		sender.Write([]byte("good"))
		buf := make([]byte, 300)
		if n, _, err := udp.ReadFrom(buf); string(buf[:n]) != "good" || err != nil {
			t.Errorf("read %q, %v", buf[:n], err)
		}
		for _, name := range []string{"net.inet.tcp.stats.rcvbadsum", "net.inet.udp.stats.badsum"} {
			if got := b.sysctl(name); got != "1" {
				t.Errorf("%s is %s", name, got)
			}
		}
	})
}

func TestBackpressure(t *testing.T) {
	a, b := newPair(t)
	receiver := b.listenUDP(53)
	sender := a.dialUDP(netipAddrPort(b, 53))
	sender.Write([]byte("0"))
	buf := make([]byte, 16)
	receiver.ReadFrom(buf) // the neighbour is known

	const n = 500
	a.do(func() { a.blocked = true })
	for i := 1; i <= n; i++ {
		if _, err := fmt.Fprint(sender, i); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	a.do(func() {
		if next := a.Poll(now); !next.Equal(now.Add(time.Millisecond)) {
			t.Errorf("a blocked engine wants to be called after %v", next.Sub(now))
		}
		a.blocked = false
	})
	for i := 1; i <= n; i++ {
		size, _, err := receiver.ReadFrom(buf)
		if err != nil || string(buf[:size]) != fmt.Sprint(i) {
			t.Fatalf("datagram %d: %q, %v", i, buf[:size], err)
		}
	}
	eventually(t, "the loop needs no deadline", func() (idle bool) {
		a.do(func() { idle = a.Poll(now).IsZero() })
		return idle
	})
}

func TestQueueLimit(t *testing.T) {
	h := newHost(t, 1)
	defer h.Close()
	h.blocked = true
	l := h.Engine.(*netstack).links[0]
	var list stack.PacketBufferList
	for range queueLimit + 3 {
		list.PushBack(stack.NewPacketBuffer(stack.PacketBufferOptions{}))
	}
	n, err := l.WritePackets(list)
	if _, full := err.(*tcpip.ErrNoBufferSpace); n != queueLimit || !full {
		t.Errorf("queued %d, %v", n, err)
	}
	list.Reset()
	if got, _ := h.SysctlGet("net.link.ether.stats.oqdrops"); got != "3" {
		t.Errorf("oqdrops is %s", got)
	}
	select {
	case <-h.wake:
	default:
		t.Error("the loop is not woken")
	}
}

// ping returns an ICMP echo request from the last host of a's network to a.
func ping(a *host) []byte {
	f := make([]byte, 14+20+8)
	header.Ethernet(f).Encode(&header.EthernetFields{
		SrcAddr: "\x02\x00\x00\x00\x00\x09", DstAddr: tcpip.LinkAddress(a.mac[:]), Type: header.IPv4ProtocolNumber,
	})
	ip := header.IPv4(f[14:])
	ip.Encode(&header.IPv4Fields{
		TotalLength: 28, TTL: 64, Protocol: 1, SrcAddr: tcpip.AddrFrom4([4]byte{10, 0, 0, 9}), DstAddr: address(a.v4),
	})
	ip.SetChecksum(^ip.CalculateChecksum())
	f[34] = byte(header.ICMPv4Echo)
	binary.BigEndian.PutUint16(f[36:], ^checksum.Checksum(f[34:], 0))
	return f
}

func TestPing(t *testing.T) {
	a, b := newPair(t)
	b.do(func() { // b stands for 10.0.0.9 too
		a.Engine.(*netstack).stack.AddStaticNeighbor(1, header.IPv4ProtocolNumber, tcpip.AddrFrom4([4]byte{10, 0, 0, 9}), "\x02\x00\x00\x00\x00\x09")
	})
	replies := make(chan []byte, 10)
	a.do(func() {
		a.filter = func(f []byte) bool {
			replies <- f
			return false
		}
	})
	a.deliver(ping(a))
	select {
	case f := <-replies:
		if proto, data := payload(f); proto != 1 || data[0] != byte(header.ICMPv4EchoReply) {
			t.Errorf("reply % x", f)
		}
	case <-time.After(patience):
		t.Fatal("no reply")
	}
}

func TestInputDrops(t *testing.T) {
	h := newHost(t, 1)
	defer h.Close()
	elsewhere := ping(h)
	elsewhere[5]++
	spoilt := ping(h)
	spoilt[14+10]++
	h.Input(testPort, nil)
	h.Input(testPort, make([]byte, 13))
	h.Input(testPort, elsewhere)
	h.Input(testPort, spoilt)
	h.Input(testPort+1, ping(h))
	for name, want := range map[string]string{
		"net.link.ether.stats.runt":      "2",
		"net.link.ether.stats.otherhost": "1",
		"net.link.ether.stats.noport":    "1",
		"net.inet.ip.stats.malformed":    "1",
	} {
		if got, err := h.SysctlGet(name); got != want || err != nil {
			t.Errorf("%s is %s, %v", name, got, err)
		}
	}
}

// FuzzInput gives an engine any frame, as a hostile neighbour can.
func FuzzInput(f *testing.F) {
	h := newHost(nil, 1)
	f.Cleanup(h.Close)
	h.filter = func([]byte) bool { return false }
	l, err := h.ListenTCP(anywhere(80))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	f.Add([]byte{})
	f.Add(ping(h))
	f.Add(append(append(h.mac[:], make([]byte, 6)...), 0x86, 0xdd))
	f.Add(append(append(h.mac[:], make([]byte, 6)...), 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1))
	f.Fuzz(func(t *testing.T, frame []byte) {
		h.Input(testPort, frame)
		h.Poll(time.Now())
	})
}
