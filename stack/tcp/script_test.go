package tcp

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"ringstack/stack/wire"
)

// script plays the peers of one transport, segment by segment, under a virtual clock. A peer is known by its port.
type script struct {
	*testing.T
	tcp  *Transport
	cfg  Config
	now  time.Duration
	us   wire.Addr
	them wire.Addr
	mtu  int
	dead bool // every segment finds no buffer

	confirmed int // calls of Net.Confirm

	peers  map[uint16]*scriptPeer
	peer   uint16 // the one that speaks
	wnd    uint16 // of its segments
	step   uint32 // added to its sequence numbers and SACK blocks
	wire   []sentSegment
	events []string

	listener ID
	room     []byte
	last     wire.TCPOptions
	lastH    wire.TCP
}

// scriptPeer is what the script knows of one peer and the connection with it.
type scriptPeer struct {
	id     ID
	iss    uint32 // our initial sequence number
	oldISS uint32 // the one before
	ts     bool   // both sides sent timestamps
	lastTS uint32
}

// sentSegment is a segment of ours.
type sentSegment struct {
	at  time.Duration
	h   wire.TCP
	o   wire.TCPOptions
	n   int // bytes of payload
	ecn uint8
}

const (
	ourPort  = 80
	peerPort = 9000
	peerISN  = 1<<32 - 600 // sequence numbers wrap early in most scripts
)

var (
	us   = wire.From4([4]byte{10, 0, 0, 1})
	them = wire.From4([4]byte{10, 0, 0, 2})
)

// newScript returns a script whose transport is made by its first command.
func newScript(t *testing.T) *script {
	s := &script{T: t, us: us, them: them, mtu: 1500, wnd: 65535, peer: peerPort, peers: map[uint16]*scriptPeer{}}
	s.cfg.Seed[3] = 9
	s.cfg.NoECN = true // shorter scripts
	return s
}

func (s *script) start() {
	if s.tcp != nil {
		return
	}
	var err error
	if s.tcp, err = New(s.cfg, s, s); err != nil {
		s.Fatal(err)
	}
}

func (s *script) to(port uint16) *scriptPeer {
	if s.peers[port] == nil {
		s.peers[port] = &scriptPeer{}
	}
	return s.peers[port]
}

func (s *script) current() *scriptPeer { return s.to(s.peer) }

func (s *script) event(c ID, format string, a ...any) {
	text := fmt.Sprintf(format, a...)
	if info, ok := s.tcp.Info(c); ok && info.RemotePort != peerPort {
		text += fmt.Sprintf(" of %d", info.RemotePort)
	}
	s.events = append(s.events, text)
}

func (s *script) Accepted(_, c ID) {
	info, _ := s.tcp.Info(c)
	s.to(info.RemotePort).id = c
	s.event(c, "accepted")
}
func (s *script) Connected(c ID, e syscall.Errno) { s.event(c, "connected%s", errorText(e)) }
func (s *script) Readable(c ID) {
	if n := s.tcp.Unread(c); n > 0 {
		s.event(c, "readable %d", n)
	}
	if s.tcp.EOF(c) {
		s.event(c, "eof")
	}
}
func (s *script) Writable(c ID)                { s.event(c, "writable") }
func (s *script) Closed(c ID, e syscall.Errno) { s.event(c, "closed%s", errorText(e)) }
func (s *script) PathMTU(*Route) int           { return s.mtu }
func (s *script) Confirm(*Route)               { s.confirmed++ }
func (s *script) Route(_, r wire.Addr) (Route, bool) {
	return Route{Local: s.us, Remote: r, MTU: int32(s.mtu)}, true
}
func (s *script) Segment(_ *Route, n int) []byte {
	if s.dead {
		return nil
	}
	s.room = make([]byte, n)
	return s.room
}

func (s *script) Send(_ *Route, _ uint32, ecn uint8) {
	h, _ := wire.ParseTCP(s.room)
	s.lastH = h
	s.last.Parse(s.room[wire.TCPLen:h.HeaderLen])
	p := s.to(h.DstPort)
	if h.Flags&wire.SYN != 0 && p.iss != h.Seq {
		p.oldISS, p.iss = p.iss, h.Seq
	}
	if s.last.HasTS {
		p.lastTS = s.last.TSVal
	}
	s.wire = append(s.wire, sentSegment{s.now, h, s.last, len(s.room) - h.HeaderLen, ecn})
}

func (s *script) listen(lc ListenConfig) syscall.Errno {
	if lc.Port == 0 {
		lc.Port = ourPort
	}
	id, err := s.tcp.Listen(lc)
	if err == 0 {
		s.listener = id
	}
	return err
}

// turn runs the transport at the time now.
func (s *script) turn() {
	s.tcp.Tick(s.now)
	s.tcp.Flush(s.now)
}

// run lets time pass, until then or until something was sent when early is set.
func (s *script) run(d time.Duration, early bool) {
	for end := s.now + d; s.now < end && !(early && len(s.wire) > 0); {
		next, ok := s.tcp.Next()
		s.now = min(end, max(next, s.now+time.Millisecond))
		if !ok {
			s.now = end
		}
		s.turn()
	}
}
