package tcp

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"ringstack/stack/wire"
)

// A simulated network: hosts, each a Transport with an application, joined by one bad link under a virtual clock.

type flight struct {
	at     time.Duration
	order  int
	to     *simHost
	packet Packet
	tooBig bool // an ICMP error about packet, for its sender
}

type flights []flight

func (f flights) Len() int { return len(f) }
func (f flights) Less(i, j int) bool {
	return f[i].at < f[j].at || f[i].at == f[j].at && f[i].order < f[j].order
}
func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)   { *f = append(*f, x.(flight)) }
func (f *flights) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}

// linkModel is what the link does to segments; probabilities are per segment.
type linkModel struct {
	loss, dup, corrupt, reorder, mark float64
	delay, jitter                     time.Duration
	strip                             [3]bool // SACK-permitted, timestamps, window scale are removed from SYNs
	noBuffer                          float64
	mtu                               int
	mtuAt                             time.Duration // when the path MTU falls to lowMTU; 0: never
	lowMTU                            int
	icmp                              bool // a packet too big is reported
	v6                                bool
	blackout                          [2]time.Duration
}

type sim struct {
	rng    *rand.Rand
	now    time.Duration
	link   linkModel
	sky    flights
	order  int
	hosts  [2]*simHost
	trace  func(string)
	broken error
}

type simHost struct {
	sim  *sim
	addr wire.Addr
	peer *simHost
	tcp  *Transport
	app  Events
	room []byte
	mtu  int
	wake func() // the application's turn
}

func newSim(seed uint64, link linkModel, cfg [2]Config) *sim {
	s := &sim{rng: rand.New(rand.NewPCG(seed, 0x51)), link: link}
	for i := range s.hosts {
		h := &simHost{sim: s, addr: wire.From4([4]byte{10, 0, 0, byte(i + 1)}), mtu: link.mtu}
		if link.v6 {
			h.addr = wire.Addr{0: 0xfd, 15: byte(i + 1)}
		}
		c := cfg[i]
		binary.LittleEndian.PutUint64(c.Seed[:], seed+uint64(i))
		var err error
		if h.tcp, err = New(c, h, h); err != nil {
			panic(err)
		}
		s.hosts[i] = h
	}
	s.hosts[0].peer, s.hosts[1].peer = s.hosts[1], s.hosts[0]
	return s
}

func (h *simHost) Accepted(l, c ID)                  { h.app.Accepted(l, c) }
func (h *simHost) Connected(c ID, err syscall.Errno) { h.app.Connected(c, err) }
func (h *simHost) Readable(c ID)                     { h.app.Readable(c) }
func (h *simHost) Writable(c ID)                     { h.app.Writable(c) }
func (h *simHost) Closed(c ID, err syscall.Errno)    { h.app.Closed(c, err) }
func (h *simHost) PathMTU(*Route) int                { return h.mtu }
func (h *simHost) Confirm(*Route)                    {}
func (h *simHost) Route(l, r wire.Addr) (Route, bool) {
	if l == (wire.Addr{}) {
		l = h.addr
	}
	return Route{Local: l, Remote: r, MTU: int32(h.mtu)}, true
}

func (h *simHost) Segment(r *Route, n int) []byte {
	if h.sim.rng.Float64() < h.sim.link.noBuffer {
		return nil
	}
	if n+int(headers(r))-wire.TCPLen > int(r.MTU) {
		panic(fmt.Sprintf("segment of %d bytes on a path of %d", n, r.MTU))
	}
	h.room = make([]byte, n)
	return h.room
}

func (h *simHost) Send(r *Route, payloadSum uint32, ecn uint8) {
	s := h.sim
	b := h.room
	hl := int(b[12]>>4) * 4
	sum := wire.Sum(b[:hl], wire.PseudoSum(&r.Local, &r.Remote, 6, len(b)))
	binary.BigEndian.PutUint16(b[16:], ^wire.Fold(wire.Join(sum, hl, payloadSum)))
	if s.trace != nil {
		s.trace(fmt.Sprintf("%v %v %s", s.now, r.Local, describeSegment(b)))
	}
	s.carry(h.peer, Packet{Local: r.Remote, Remote: r.Local, Segment: b, ECN: ecn})
}

func describeSegment(b []byte) string {
	hd, _ := wire.ParseTCP(b)
	var o wire.TCPOptions
	o.Parse(b[20:hd.HeaderLen])
	return fmt.Sprintf("%d>%d flags %02x seq %d ack %d wnd %d len %d sack %v", hd.SrcPort, hd.DstPort, hd.Flags, hd.Seq, hd.Ack, hd.Window,
		len(b)-hd.HeaderLen, o.Sack[:o.NSack])
}

func (s *sim) carry(to *simHost, p Packet) {
	l := &s.link
	if s.now >= l.blackout[0] && s.now < l.blackout[1] || s.rng.Float64() < l.loss {
		return
	}
	if l.mtuAt > 0 && s.now > l.mtuAt && len(p.Segment)+20 > l.lowMTU {
		if l.icmp {
			s.put(s.now+l.delay, to.peer, p)
			s.sky[s.last()].tooBig = true
		}
		return
	}
	if p.Segment[13]&wire.SYN != 0 {
		s.stripOptions(&p)
	}
	if p.ECN != 0 && s.rng.Float64() < l.mark {
		p.ECN = 3
	}
	if s.rng.Float64() < l.corrupt {
		p.Segment[s.rng.IntN(len(p.Segment))] ^= 1 << s.rng.IntN(8)
	}
	at := s.now + l.delay
	if l.jitter > 0 {
		at += time.Duration(s.rng.Int64N(int64(l.jitter)))
	}
	if s.rng.Float64() < l.reorder {
		at += time.Duration(s.rng.Int64N(int64(l.delay) + 1))
	}
	s.put(at, to, p)
	if s.rng.Float64() < l.dup {
		s.put(at+time.Duration(s.rng.Int64N(int64(l.delay)+1)), to, p)
	}
}

func (s *sim) put(at time.Duration, to *simHost, p Packet) {
	s.order++
	heap.Push(&s.sky, flight{at: at, order: s.order, to: to, packet: p})
}

// last finds the flight put last.
func (s *sim) last() int {
	for i := range s.sky {
		if s.sky[i].order == s.order {
			return i
		}
	}
	return -1
}

// deliver hands a segment, or the ICMP error about it, to its host.
func (s *sim) deliver(f *flight) {
	if !f.tooBig {
		f.to.tcp.Input(&f.packet, s.now)
		return
	}
	f.to.mtu = s.link.lowMTU
	h, _ := wire.ParseTCP(f.packet.Segment)
	f.to.tcp.Unreachable(&ICMPError{
		Local: f.packet.Remote, Remote: f.packet.Local, LocalPort: h.SrcPort, RemotePort: h.DstPort, Seq: h.Seq,
		Err: syscall.EMSGSIZE, MTU: s.link.lowMTU,
	}, s.now)
}

// stripOptions overwrites options of a SYN with NOPs, as some middleboxes do.
func (s *sim) stripOptions(p *Packet) {
	b := p.Segment
	hl := int(b[12]>>4) * 4
	for o := 20; o < hl; {
		if b[o] == 1 {
			o++
			continue
		}
		n := int(b[o+1])
		kind := b[o]
		if kind == 4 && s.link.strip[0] || kind == 8 && s.link.strip[1] || kind == 3 && s.link.strip[2] {
			for k := range n {
				b[o+k] = 1
			}
		}
		o += n
	}
	binary.BigEndian.PutUint16(b[16:], 0)
	sum := wire.Sum(b, wire.PseudoSum(&p.Remote, &p.Local, 6, len(b)))
	binary.BigEndian.PutUint16(b[16:], ^wire.Fold(sum))
}

// step advances to the next event; false when nothing waits before limit.
func (s *sim) step(limit time.Duration) bool {
	at := limit + 1
	if len(s.sky) > 0 {
		at = min(at, s.sky[0].at)
	}
	for _, h := range s.hosts {
		if next, ok := h.tcp.Next(); ok {
			at = min(at, next)
		}
	}
	if at > limit {
		return false
	}
	s.now = max(s.now, at)
	if at <= s.now && s.link.noBuffer > 0 {
		s.now += 10 * time.Microsecond // a host that waits for a buffer must not stop the clock
	}
	for len(s.sky) > 0 && s.sky[0].at <= s.now {
		f := heap.Pop(&s.sky).(flight)
		s.deliver(&f)
	}
	for _, h := range s.hosts {
		h.tcp.Tick(s.now)
		if h.wake != nil {
			h.wake()
		}
		h.tcp.Flush(s.now)
		if err := h.tcp.invariants(); err != nil && s.broken == nil {
			s.broken = fmt.Errorf("at %v: %w", s.now, err)
		}
	}
	return true
}
