package dispatch

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// carrier does what verdicts about frames say, and knows where each frame has gone.
type carrier struct {
	t     testing.TB
	table *Table
	sent  uint64 // number of the latest frame
	held  map[uint64]bool
	got   map[uint8][]uint64 // by proc, in order
	lost  map[uint64]Reason
}

func newCarrier(t testing.TB, table *Table) *carrier {
	return &carrier{t: t, table: table, held: map[uint64]bool{}, got: map[uint8][]uint64{}, lost: map[uint64]Reason{}}
}

// carry returns the frame's number.
func (c *carrier) carry(frame []byte) uint64 {
	c.t.Helper()
	c.sent++
	switch v := decide(c.t, c.table, frame); v.Action {
	case Hold:
		c.table.Hold(c.sent)
		c.held[c.sent] = true
	case Release:
		for _, n := range c.table.Released() {
			c.unhold(n)
			c.got[v.Proc] = append(c.got[v.Proc], n)
		}
		c.got[v.Proc] = append(c.got[v.Proc], c.sent)
	case Deliver:
		c.got[v.Proc] = append(c.got[v.Proc], c.sent)
	case Drop:
		c.lost[c.sent] = v.Reason
	default:
		c.t.Fatalf("%+v", v)
	}
	if n := c.table.frags.frames.n; n != len(c.held)-len(c.table.frags.abandoned) {
		c.t.Fatalf("%d held, %d counted", len(c.held), n)
	}
	return c.sent
}

func (c *carrier) unhold(n uint64) {
	c.t.Helper()
	if !c.held[n] {
		c.t.Fatalf("frame %d is not held, or comes back twice", n)
	}
	delete(c.held, n)
}

// collect takes back what was held in vain.
func (c *carrier) collect() {
	c.t.Helper()
	for _, a := range c.table.Abandoned() {
		c.unhold(a.Frame)
		c.lost[a.Frame] = a.Reason
	}
}

// want checks where a frame is: with a proc, held, or lost for a reason.
func (c *carrier) want(name string, n uint64, want any) {
	c.t.Helper()
	var is any
	for proc, frames := range c.got {
		if slices.Contains(frames, n) {
			is = proc
		}
	}
	if c.held[n] {
		is = "held"
	}
	if why, lost := c.lost[n]; lost {
		is = why
	}
	if is != want {
		c.t.Errorf("%s: %v, want %v", name, is, want)
	}
}

// packet is an IP packet that can come in pieces.
type packet struct {
	name    string
	payload []byte
	piece   func(payload []byte, at int, more bool) []byte // a frame
}

func packet4(name string, h ip4, payload []byte) packet {
	return packet{name + ", IPv4", payload, func(b []byte, at int, more bool) []byte {
		h := h
		h.frag = at / fragmentUnit
		if more {
			h.frag |= ipv4MoreFrags
		}
		return h.frame(b)
	}}
}

// packet6 has a fragment header unless it comes whole.
func packet6(name string, h ip6, id uint32, payload []byte) packet {
	return packet{name + ", IPv6", payload, func(b []byte, at int, more bool) []byte {
		h := h
		if at > 0 || more {
			h.ext, h.next = fragExt(h.next, at, more, id), ipv6Fragment
		}
		return h.frame(b)
	}}
}

func (p packet) whole() []byte { return p.piece(p.payload, 0, false) }

// cut returns fragments of n bytes each.
func (p packet) cut(n int) (frames [][]byte) {
	for at := 0; at < len(p.payload); at += n {
		end := min(at+n, len(p.payload))
		frames = append(frames, p.piece(p.payload[at:end], at, end < len(p.payload)))
	}
	return frames
}

// allPackets are of each kind that dispatch tells apart, to a table of fragmentTable.
func allPackets(id int, leased uint16) []packet {
	data := make([]byte, 400)
	udp, tcp := udpDatagram, func(src, dst int) []byte { return cat(tcpSegment(src, dst, tcpACK), data) }
	n := 100 * id
	v4 := func(name string, proto uint8, payload []byte) packet {
		n++
		return packet4(name, ip4{proto: proto, id: n}, payload)
	}
	v6 := func(name string, next uint8, payload []byte) packet {
		n++
		return packet6(name, ip6{next: next}, uint32(n), payload)
	}
	lease := int(leased)
	return []packet{
		v4("shared port", ProtoUDP, udp(4000+id, 53, data)), v6("shared port", ProtoUDP, udp(4000+id, 53, data)),
		v4("owned port", ProtoTCP, tcp(4000+id, 80)), v6("owned port", ProtoTCP, tcp(4000+id, 80)),
		v4("pinned flow", ProtoTCP, tcp(7000, 443)), v6("pinned flow", ProtoTCP, tcp(7000, 443)),
		v4("leased port", ProtoUDP, udp(53, lease, data)), v6("leased port", ProtoUDP, udp(53, lease, data)),
		v4("nobody's port", ProtoUDP, udp(4000, 9, data)), v6("nobody's port", ProtoUDP, udp(4000, 9, data)),
		v4("echo request", ProtoICMP, icmpMessage(8, data)), v6("echo request", ProtoICMPv6, icmpMessage(128, data)),
		v4("no ports", 132, data), v6("no ports", 132, data),
		v6("headers behind the fragment header", ipv6Destination, cat(ext8(ipv6Destination), ext8(ProtoUDP), udp(4000+id, 53, data))),
	}
}

// fragmentTable has four procs: all of them share UDP port 53, proc 2 has TCP port 80 alone, proc 3
// has flows to TCP port 443 pinned, and proc 1 has leased the ports from leased on.
func fragmentTable(tb testing.TB, maxHeld int) (table *Table, leased uint16) {
	table = newTable(4, nil, 16, maxHeld)
	for proc := range uint8(4) {
		table.Join(proc)
	}
	listen(tb, table, ProtoUDP, 53, 0, 1, 2, 3)
	listen(tb, table, ProtoTCP, 80, 2)
	listen(tb, table, ProtoTCP, 443, 0)
	for _, ends := range [][2]string{{us4, peer4}, {us6, peer6}} {
		f := Flow{Local: addr(ends[0]), Remote: addr(ends[1]), LocalPort: 443, RemotePort: 7000, Proto: ProtoTCP}
		table.pins.put(&f, 3, 0)
	}
	leased, _, err := table.Lease(1)
	if err != nil {
		tb.Fatal(err)
	}
	return table, leased
}

// TestFragmentsInAnyOrder: all fragments go where the packet would go as a whole, in whatever order
// they come, also among those of other packets and some of them twice.
func TestFragmentsInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for round := range 60 {
		table, leased := fragmentTable(t, 1024)
		c := newCarrier(t, table)
		type piece struct {
			packet int
			frame  []byte
		}
		var pieces []piece
		packets := allPackets(round, leased)
		for i, p := range packets {
			frames := p.cut(fragmentUnit * (6 + rng.IntN(14)))
			for _, frame := range frames {
				pieces = append(pieces, piece{i, frame})
			}
			pieces = append(pieces, piece{i, frames[rng.IntN(len(frames))]})
		}
		rng.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		sent := make([][]uint64, len(packets))
		for _, p := range pieces {
			sent[p.packet] = append(sent[p.packet], c.carry(p.frame))
		}
		table.Tick(fragmentLife)
		c.collect() // duplicates that came when their packet was complete
		for i, p := range packets {
			home := decide(t, table, p.whole())
			if home.Action != Deliver {
				t.Fatalf("%s: %+v", p.name, home)
			}
			got := slices.DeleteFunc(slices.Clone(c.got[home.Proc]), func(n uint64) bool { return !slices.Contains(sent[i], n) })
			lost := slices.DeleteFunc(slices.Clone(sent[i]), func(n uint64) bool { return c.lost[n] == ReasonNone })
			if len(lost) > 1 || len(got)+len(lost) != len(sent[i]) || !slices.IsSorted(got) {
				t.Fatalf("round %d, %s: frames %v, proc %d got %v, lost %v", round, p.name, sent[i], home.Proc, got, lost)
			}
		}
		if s := table.Stats(); len(c.held) != 0 || s.Held != 0 || s.FragmentsEvicted != 0 {
			t.Errorf("left: %v, %+v", c.held, s)
		}
	}
}

// TestFragmentsAreOfOneDatagram: what differs in anything that names a datagram waits for another first.
func TestFragmentsAreOfOneDatagram(t *testing.T) {
	table := smallTable(3, 1)
	listen(t, table, ProtoUDP, 53, 2)
	c := newCarrier(t, table)
	p := packet4("", ip4{proto: ProtoUDP, id: 1}, udpDatagram(4000, 53, make([]byte, 100)))
	later := func(h ip4) uint64 {
		h.frag = ipv4MoreFrags | 2
		return c.carry(h.frame(make([]byte, 8)))
	}
	c.carry(p.cut(16)[0])
	c.want("its own", later(ip4{proto: ProtoUDP, id: 1}), uint8(2))
	c.want("other id", later(ip4{proto: ProtoUDP, id: 2}), "held")
	c.want("other protocol", later(ip4{proto: ProtoTCP, id: 1}), "held")
	c.want("other source", later(ip4{src: "198.51.100.8", proto: ProtoUDP, id: 1}), "held")
	c.want("other destination", later(ip4{dst: "192.0.2.2", proto: ProtoUDP, id: 1}), "held")
	var q Packet
	q.Parse(ip4{proto: ProtoUDP, id: 1, frag: 3}.frame([]byte{1}))
	if v := table.Decide(1, &q, 0, false); v.Action != Hold {
		t.Errorf("other NIC port: %+v", v)
	}
}

// TestFragmentsOfOneIdentification: a sender that uses it again soon loses nothing, even if the
// fragments of the next datagram come in reverse order.
func TestFragmentsOfOneIdentification(t *testing.T) {
	table := smallTable(3, 1)
	listen(t, table, ProtoUDP, 53, 1)
	listen(t, table, ProtoUDP, 54, 2)
	c := newCarrier(t, table)
	for round := range 10 {
		port := 53 + round%2
		frames := packet4("", ip4{proto: ProtoUDP, id: 1}, udpDatagram(4000, port, make([]byte, 100))).cut(16)
		if round > 1 {
			slices.Reverse(frames)
		}
		for i, frame := range frames {
			n := c.carry(frame)
			if i == len(frames)-1 {
				c.want("the last to come", n, uint8(port-52))
			}
		}
	}
	if len(c.got[1]) != len(c.got[2]) || len(c.held) != 0 {
		t.Errorf("%d and %d frames, held %v", len(c.got[1]), len(c.got[2]), c.held)
	}

	t.Run("while one is missing", func(t *testing.T) {
		c.t = t
		of := func(port int) [][]byte {
			return packet4("", ip4{proto: ProtoUDP, id: 2}, udpDatagram(4000, port, make([]byte, 100))).cut(16)
		}
		old := of(53)
		for _, frame := range old[:len(old)-1] {
			c.want("of the old one", c.carry(frame), uint8(1))
		}
		next := of(54)
		for _, i := range []int{0, 6, 1, 5, 2, 4, 3} {
			c.want("of the new one", c.carry(next[i]), uint8(2))
		}
		c.want("its identification is free", c.carry(old[1]), "held")
	})
}

func TestFragmentsTimeOut(t *testing.T) {
	table := smallTable(3, 1)
	listen(t, table, ProtoUDP, 53, 2)
	c := newCarrier(t, table)
	frames := packet4("", ip4{proto: ProtoUDP, id: 1}, udpDatagram(4000, 53, make([]byte, 100))).cut(16)
	late := packet4("", ip4{proto: ProtoUDP, id: 2}, udpDatagram(4000, 53, make([]byte, 100))).cut(16)

	early := []uint64{c.carry(frames[1]), c.carry(frames[3])}
	table.Tick(fragmentLife / 2)
	next := c.carry(late[1])
	table.Tick(fragmentLife - 1)
	c.collect()
	c.want("in time", early[0], "held")
	table.Tick(fragmentLife)
	c.collect()
	for _, n := range early {
		c.want("overdue", n, ReasonFragTimeout)
	}
	c.want("the next datagram", next, "held")
	c.want("first of a forgotten one", c.carry(frames[0]), uint8(2))
	table.Tick(2*fragmentLife - 1)
	c.want("later, in time", c.carry(frames[1]), uint8(2))
	c.want("duplicate of the first starts anew", c.carry(frames[0]), uint8(2))
	table.Tick(3*fragmentLife - 2)
	c.want("in time again", c.carry(frames[2]), uint8(2))
	table.Tick(3*fragmentLife - 1)
	c.want("too late", c.carry(frames[2]), "held")
	c.collect()
	c.want("the next datagram, overdue", next, ReasonFragTimeout)
}

// TestFragmentsThatCannotBeDelivered: what goes wrong with one goes wrong with all, and nothing waits
// for what will not come.
func TestFragmentsThatCannotBeDelivered(t *testing.T) {
	table := smallTable(2, 0)
	listen(t, table, ProtoUDP, 53, 1)
	c := newCarrier(t, table)
	frames := packet4("", ip4{proto: ProtoUDP, id: 1}, udpDatagram(4000, 53, make([]byte, 100))).cut(16)
	c.want("first", c.carry(frames[0]), uint8(1))
	table.Leave(1)
	c.want("its proc is gone", c.carry(frames[1]), ReasonFragLost)
	c.want("another proc gets it anew", c.carry(frames[0]), uint8(0))
	c.want("and what follows", c.carry(frames[1]), uint8(0))

	// A SYN in a bucket that waits to move to its next owner needs a pin.
	table.Join(1)
	listen(t, table, ProtoTCP, 80, 0)
	table.Unlisten(ProtoTCP, 80, 0)
	listen(t, table, ProtoTCP, 80, 1)
	syn := packet4("", ip4{proto: ProtoTCP, id: 2}, cat(tcpSegment(4000, 80, tcpSYN), make([]byte, 100))).cut(24)
	waiting := c.carry(syn[2])
	c.want("refused", c.carry(syn[0]), ReasonPinsFull)
	c.collect()
	c.want("waited for the refused", waiting, ReasonPinsFull)
	c.want("after the refused", c.carry(syn[1]), ReasonFragLost)

	waiting = c.carry(packet4("", ip4{proto: ProtoUDP, id: 3}, make([]byte, 100)).cut(16)[1])
	table.Leave(0)
	table.Leave(1)
	c.want("nobody is live", c.carry(frames[0]), ReasonNoSecondary)
	c.want("nobody is live", c.carry(frames[1]), ReasonNoSecondary)
	c.want("held before", waiting, "held")
	table.Tick(fragmentLife)
	c.collect()
	c.want("held before", waiting, ReasonFragTimeout)
}

// TestFragmentsOfOneAreLimited: a datagram holds so many frames, then it is left as it is.
func TestFragmentsOfOneAreLimited(t *testing.T) {
	for _, maxHeld := range []int{0, 10, maxHeldOfOne, 1024} {
		table := newTable(1, nil, 1, maxHeld)
		table.Join(0)
		c := newCarrier(t, table)
		frames := packet4("", ip4{proto: ProtoUDP, id: 1}, udpDatagram(4000, 53, make([]byte, 16*300))).cut(16)
		room := min(maxHeld, maxHeldOfOne)
		for i, frame := range frames[1:] {
			want := any("held")
			if i >= room {
				want = ReasonFragTooMany
			}
			c.want(fmt.Sprintf("frame %d with room for %d", i, maxHeld), c.carry(frame), want)
		}
		c.want("first", c.carry(frames[0]), uint8(0))
		if len(c.got[0]) != room+1 {
			t.Errorf("%d frames came through, with room for %d", len(c.got[0]), maxHeld)
		}
	}
}

// TestFragmentFlood: floods of either kind stay within the limits, and what comes in good order goes
// through all the while.
func TestFragmentFlood(t *testing.T) {
	const maxHeld, flood = 512, 100000
	table := newTable(2, nil, 1, maxHeld)
	table.Join(0)
	table.Join(1)
	listen(t, table, ProtoUDP, 9, 0)
	listen(t, table, ProtoUDP, 53, 1)
	c := newCarrier(t, table)
	rng := rand.New(rand.NewPCG(9, 10))
	for i := range flood {
		h := ip4{src: fmt.Sprintf("203.0.%d.%d", rng.IntN(256), 1+rng.IntN(254)), proto: ProtoUDP, id: i}
		h.frag = 1 + rng.IntN(1000)
		if i%3 == 0 {
			h.frag = ipv4MoreFrags
		}
		c.carry(h.frame(udpDatagram(1, 9, make([]byte, 8))))
		if i%64 == 0 {
			table.Tick(time.Duration(i))
			c.collect()
		}
		if i%1000 == 0 {
			frames := packet4("", ip4{proto: ProtoUDP, id: i}, udpDatagram(4000, 53, make([]byte, 100))).cut(16)
			if i%2000 == 0 {
				slices.Reverse(frames)
			}
			for _, frame := range frames {
				n := c.carry(frame)
				if i%2000 != 0 {
					c.want("in good order", n, uint8(1))
				}
			}
			if i%2000 == 0 && len(c.got[1]) == 0 {
				t.Fatal("in reverse order: lost")
			}
		}
	}
	s := table.Stats()
	if s.Held != maxHeld || s.Fragmented < 2*maxHeld || s.FragmentsEvicted < flood/2 {
		t.Errorf("%+v", s)
	}
	if want := 100 * 7; len(c.got[1]) != want {
		t.Errorf("%d of %d good frames went through", len(c.got[1]), want)
	}
	table.Tick(time.Hour)
	c.collect()
	if len(c.held) != 0 || table.Stats().Fragmented != 0 {
		t.Errorf("an hour later: %d held, %+v", len(c.held), table.Stats())
	}
	reasons := map[Reason]int{}
	for _, why := range c.lost {
		reasons[why]++
	}
	if reasons[ReasonFragEvicted] == 0 || reasons[ReasonFragTimeout] != maxHeld || len(reasons) != 2 {
		t.Errorf("lost: %v", reasons)
	}
}

// TestOverlapsStayTogether: contradictory fragments meet in one stack, which is to see the contradiction.
func TestOverlapsStayTogether(t *testing.T) {
	table := smallTable(3, 1)
	listen(t, table, ProtoUDP, 53, 2)
	c := newCarrier(t, table)
	p := packet4("", ip4{proto: ProtoUDP, id: 1}, udpDatagram(4000, 53, make([]byte, 500)))
	piece := func(from, to int) []byte { return p.piece(p.payload[from:to], from, to < len(p.payload)) }
	for _, frame := range [][]byte{piece(80, 160), piece(120, 200), piece(88, 96), piece(0, 96), piece(400, 508), piece(160, 508), piece(16, 80)} {
		c.carry(frame)
	}
	if want := []uint64{1, 2, 3, 4, 5, 6}; !slices.Equal(c.got[2], want) {
		t.Errorf("proc 2 got %v, want %v", c.got[2], want)
	}
	c.want("after all was covered", 7, "held")
}
