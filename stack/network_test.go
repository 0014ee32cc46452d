package stack

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// hub gives every frame to all engines but the sender's, as the primary does with ARP and NDP; packets of flows go to the
// engine that owner names.
type hub struct {
	shared []*host // engines with one MAC and the same addresses
	peer   *host
	owner  func(frame []byte) int
}

type hubPort struct {
	hub   *hub
	h     *host
	frame []byte
}

func (p *hubPort) Frame(n int) []byte { p.frame = make([]byte, n); return p.frame }
func (p *hubPort) Send() {
	if p.h != p.hub.peer {
		p.hub.peer.inbox = append(p.hub.peer.inbox, p.frame)
		return
	}
	if i := p.hub.owner(p.frame); i >= 0 {
		p.hub.shared[i].inbox = append(p.hub.shared[i].inbox, p.frame)
		return
	}
	for _, h := range p.hub.shared {
		h.inbox = append(h.inbox, p.frame)
	}
}

// Three engines share a MAC and their addresses; one leads. All resolve, all serve, one answers.
func TestSharedAddresses(t *testing.T) {
	leader := 0
	net := &hub{owner: func(f []byte) int {
		e, _ := wire.ParseEthernet(f)
		if e.Type == wire.EtherTypeARP || e.Type == wire.EtherTypeIPv6 && f[14+6] == wire.ProtoICMPv6 {
			return -1
		}
		at := 14 + 20
		if e.Type == wire.EtherTypeIPv6 {
			at = 14 + 40
		}
		return int(f[at+3]) % 3 // by the low byte of the destination port
	}}
	attach := func(h *host, c *Config) { c.Ports[0].Device = &hubPort{hub: net, h: h} }
	for i := range 3 {
		net.shared = append(net.shared, newHostWith(t, 1, func(h *host, c *Config) {
			attach(h, c)
			c.Seed[1] = byte(i)
			c.Leader = func() bool { return leader == i }
		}))
	}
	peer := newHostWith(t, 9, attach)
	net.peer = peer
	all := append([]*host{peer}, net.shared...)
	for _, h := range all {
		h.peer = peer // where take puts used frames
	}
	answers := func() (n uint64) {
		for _, h := range net.shared {
			n += h.count(ARPReplies) + h.count(NDPAdverts)
		}
		return n
	}
	for round, to := range []wire.Addr{peer.v4, peer.v6} {
		before := answers()
		ids := make([]SocketID, 3)
		for i, h := range net.shared {
			ids[i] = h.open(Ends{LocalPort: uint16(3002 + i), Remote: to, RemotePort: uint16(53)})
			if err := h.SendUDP(ids[i], &Datagram{Data: []byte("x")}); err != 0 {
				t.Fatal(err)
			}
		}
		if round == 0 {
			peer.open(Ends{LocalPort: 53})
			peer.echo()
		}
		settle(0, all...)
		for i, h := range net.shared {
			if len(h.log) != 1 {
				t.Errorf("round %d: engine %d: %q", round, i, h.log)
			}
			h.log = nil
		}
		if n := answers() - before; n > 1 {
			t.Errorf("round %d: %d answers to one question", round, n)
		}
	}
	// Every engine knows the peer by now, whoever asked; a new question is answered once, by the new leader.
	leader = 2
	peer.DeleteNeighbour(0, net.shared[0].v4)
	before := net.shared[2].count(ARPReplies)
	peer.Ping(wire.Addr{}, net.shared[0].v4, 1, 1, nil)
	settle(0, all...)
	if n := net.shared[2].count(ARPReplies) - before; n != 1 {
		t.Errorf("the new leader answers %d times", n)
	}
}

// newHostWith is newHost for a port whose device must know its host.
func newHostWith(t *testing.T, id byte, change func(*host, *Config)) *host {
	h := &host{t: t, id: id, mac: wire.MAC{2, 0, 0, 0, 0, id}, v4: v4(10, 0, 0, id), v6: wire.Addr{0: 0xfd, 15: id}}
	config := Config{Seed: [32]byte{id}, Ports: []Port{{Name: "eth0", MAC: h.mac, LinkLocal: true}}}
	change(h, &config)
	e, err := New(config, h)
	if err != nil {
		t.Fatal(err)
	}
	h.Engine = e
	e.AddAddress(0, prefixOf(fmt.Sprintf("10.0.0.%d/24", id)), false)
	e.AddAddress(0, prefixOf(fmt.Sprintf("fd00::%x/64", id)), false)
	return h
}

// cable is what a lossy link does to frames, from a seed.
type cable struct {
	rng    *rand.Rand
	loss   float64
	spoil  float64
	double float64
	late   [][]byte // overtaken by others
}

func (c *cable) carry(to *host) func(f []byte) bool {
	return func(f []byte) bool {
		if e, _ := wire.ParseEthernet(f); e.Type == wire.EtherTypeARP {
			return true // it has no checksum of its own
		}
		switch p := c.rng.Float64(); {
		case p < c.loss:
			return false
		case p < c.loss+c.spoil:
			f[14+c.rng.IntN(len(f)-14)] ^= 1 << c.rng.IntN(8)
		case p < c.loss+c.spoil+c.double:
			to.inbox = append(to.inbox, bytes.Clone(f))
		case p < c.loss+c.spoil+2*c.double:
			c.late = append(c.late, bytes.Clone(f))
			return false
		}
		return true
	}
}

// TestTransferOverBadCable: whatever the link does to frames, TCP data arrives whole. The same seed gives the same run.
func TestTransferOverBadCable(t *testing.T) {
	transfer := func(seed uint64, six bool) (time.Duration, Stats) {
		a, b := newPair(t)
		link := &cable{rng: rand.New(rand.NewPCG(seed, 1)), loss: 0.03, spoil: 0.02, double: 0.02}
		a.filter, b.filter = link.carry(b), link.carry(a)
		client, server := streams(a, b, 60000)
		to := b.v4
		if six {
			to = b.v6
		}
		b.TCP().Listen(tcp.ListenConfig{Port: 80})
		a.TCP().Connect(&tcp.ConnectConfig{Remote: to, RemotePort: 80})
		now := time.Duration(0)
		for ; now < 10*time.Minute && (client.closed == 0 || server.closed == 0); now += 5 * time.Millisecond {
			for _, f := range link.late {
				e, _ := wire.ParseEthernet(f)
				if e.Dst == a.mac {
					a.inbox = append(a.inbox, f)
				} else {
					b.inbox = append(b.inbox, f)
				}
			}
			link.late = nil
			settle(now, a, b)
		}
		if !bytes.Equal(client.got, client.data) || client.err != 0 || server.err != 0 {
			t.Errorf("seed %d: %d of %d bytes, %v and %v, after %v", seed, len(client.got), len(client.data), client.err, server.err, now)
		}
		return now, a.Stats()
	}
	for seed := range uint64(20) {
		transfer(seed, seed%2 == 1)
	}
	once, stats := transfer(99, false)
	again, same := transfer(99, false)
	if once != again || stats != same {
		t.Errorf("the same seed takes %v and %v", once, again)
	}
}

// Each port has its network; packets leave by the right one, with its address.
func TestTwoPorts(t *testing.T) {
	left, right := &host{t: t}, &host{t: t}
	h := &host{t: t}
	config := Config{Ports: []Port{
		{Name: "left", MAC: wire.MAC{2, 0, 0, 0, 1, 1}, Device: &side{left, nil}, LinkLocal: true},
		{Name: "right", MAC: wire.MAC{2, 0, 0, 0, 1, 2}, Device: &side{right, nil}, LinkLocal: true, MTU: 600},
	}}
	e, err := New(config, h)
	if err != nil {
		t.Fatal(err)
	}
	e.AddAddress(0, prefixOf("10.1.0.1/24"), false)
	e.AddAddress(1, prefixOf("10.2.0.1/24"), false)
	heard := func(x *host) string {
		defer func() { x.inbox = nil }()
		if len(x.inbox) == 0 {
			return ""
		}
		return describe(x.inbox[0])
	}
	e.Ping(wire.Addr{}, v4(10, 1, 0, 9), 1, 1, nil)
	if l, r := heard(left), heard(right); l != "arp 1 10.1.0.1 for 10.1.0.9 to ff:ff:ff:ff:ff:ff" || r != "" {
		t.Errorf("left %q, right %q", l, r)
	}
	e.SetNeighbour(1, v4(10, 2, 0, 9), stationMAC)
	e.Ping(wire.Addr{}, v4(10, 2, 0, 9), 1, 1, make([]byte, 1000))
	if n := len(right.inbox); n != 2 {
		t.Errorf("%d fragments for an MTU of 600", n)
	}
	if l, r := heard(left), heard(right); l != "" || r != "10.2.0.1 > 10.2.0.9 fragment 0 icmp 8/0" {
		t.Errorf("left %q, right %q", l, r)
	}
	// A link-local destination is on the link of the source that is given.
	far := wire.Addr{0: 0xfe, 1: 0x80, 15: 7}
	for port, x := range []*host{left, right} {
		own := linkLocal(&config.Ports[port].MAC)
		e.Ping(own, far, 1, 1, nil)
		if got := heard(x); got != fmt.Sprintf("%s > ff02::1:ff00:7 ndp 135 for fe80::7 flags 0", own) {
			t.Errorf("port %d: %q", port, got)
		}
	}
}

// side is the device of one of several ports.
type side struct {
	to    *host
	frame []byte
}

func (s *side) Frame(n int) []byte { s.frame = make([]byte, n); return s.frame }
func (s *side) Send()              { s.to.inbox = append(s.to.inbox, s.frame) }
