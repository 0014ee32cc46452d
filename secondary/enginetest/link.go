package enginetest

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func testResolution(t *testing.T, open Open) {
	for _, c := range []struct {
		name         string
		isRequest    func([]byte) bool
		isReply      func([]byte) bool
		addr         func(*host) netip.Addr
		requestDstIs string
	}{
		{"ARP", isARP(arpRequest), isARP(arpReply), func(h *host) netip.Addr { return h.v4 },
			"\xff\xff\xff\xff\xff\xff"},
		{"NDP", isNDP(solicit), isNDP(advert), func(h *host) netip.Addr { return h.v6 },
			"\x33\x33\xff\x00\x00\x02"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := newPair(t, open)
			requests, replies := 0, 0
			a.do(func() {
				a.filter = func(f []byte) bool {
					if c.isRequest(f) {
						requests++
						if string(f[:6]) != c.requestDstIs {
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

func testGateway(t *testing.T, open Open) {
	a, _ := newPair(t, open)
	wanted := make(chan []byte, 10)
	a.do(func() {
		a.filter = func(f []byte) bool {
			if isARP(arpRequest)(f) {
				wanted <- f[etherLen+24 : etherLen+28]
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

// A quiet network stays quiet: no duplicate address detection, router solicitation or listener report.
func testSilentStart(t *testing.T, open Open) {
	h := newHost(t, open, 1)
	defer h.Close()
	h.filter = func(f []byte) bool {
		t.Errorf("sends % x", f)
		return false
	}
	h.Poll(time.Now())
}

func testBadChecksum(t *testing.T, open Open) {
	families(t, open, func(t *testing.T, a, b *host, ip netip.Addr) {
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

func testBackpressure(t *testing.T, open Open) {
	a, b := newPair(t, open)
	receiver := b.listenUDP(53)
	sender := a.dialUDP(addrPort(b, 53))
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

func testPing(t *testing.T, open Open) {
	a, b := newPair(t, open)
	replies := make(chan []byte, 10)
	a.do(func() {
		a.filter = func(f []byte) bool {
			if proto, _ := payload(f); proto == 1 {
				replies <- f
			}
			return true
		}
	})
	a.deliver(ping(b, a))
	select {
	case f := <-replies:
		if _, data := payload(f); data[0] != 0 {
			t.Errorf("reply % x", f)
		}
	case <-time.After(patience):
		t.Fatal("no reply")
	}
}

func testInputDrops(t *testing.T, open Open) {
	h, other := newHost(t, open, 1), newHost(t, open, 2)
	defer h.Close()
	defer other.Close()
	elsewhere := ping(other, h)
	elsewhere[5]++
	spoilt := ping(other, h)
	spoilt[14+10]++
	h.Input(testPort, nil)
	h.Input(testPort, make([]byte, 13))
	h.Input(testPort, elsewhere)
	h.Input(testPort, spoilt)
	h.Input(testPort+1, ping(other, h))
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
func FuzzInput(f *testing.F, open Open) {
	h, other := newHost(f, open, 1), newHost(f, open, 2)
	f.Cleanup(h.Close)
	f.Cleanup(other.Close)
	h.filter = func([]byte) bool { return false }
	go h.loop()
	f.Cleanup(h.halt)
	h.listen(anywhere(80))
	f.Add([]byte{})
	f.Add(ping(other, h))
	f.Add(append(append(h.mac[:], make([]byte, 6)...), 0x86, 0xdd))
	f.Add(append(append(h.mac[:], make([]byte, 6)...), 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1))
	f.Fuzz(func(t *testing.T, frame []byte) {
		ran := make(chan struct{})
		h.work <- func() {
			h.Input(testPort, frame)
			close(ran)
		}
		<-ran
	})
}
