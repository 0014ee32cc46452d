package tcp

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/stack/wire"
)

// script plays the peer of one transport, segment by segment. The peer's numbers are as given; ours are relative to our initial
// sequence number.
type script struct {
	*testing.T
	tcp    *Transport
	now    time.Duration
	iss    uint32
	opts   wire.TCPOptions // of segments sent by in
	wnd    uint16
	ecn    uint8
	port   uint16 // our port
	room   []byte
	sent   []string
	last   wire.TCPOptions
	lastH  wire.TCP
	events []string
	id     ID
	mtu    int
	dead   bool // every segment finds no buffer
}

var (
	us   = wire.From4([4]byte{10, 0, 0, 1})
	them = wire.From4([4]byte{10, 0, 0, 2})
)

func newScript(t *testing.T, cfg Config) *script {
	s := &script{T: t, wnd: 65535, port: 80, mtu: 1500}
	cfg.Seed[3] = 9
	cfg.NoECN = !cfg.NoECN // scripts without ECN are shorter
	var err error
	if s.tcp, err = New(cfg, s, s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *script) event(format string, a ...any) {
	s.events = append(s.events, fmt.Sprintf(format, a...))
}
func (s *script) Accepted(_, c ID) { s.id = c; s.event("accepted") }
func (s *script) Connected(_ ID, e syscall.Errno) {
	s.event("connected %d", e)
}
func (s *script) Readable(c ID) {
	if n := s.tcp.Unread(c); n > 0 {
		s.event("readable %d", n)
	}
	if s.tcp.EOF(c) {
		s.event("eof")
	}
}
func (s *script) Writable(ID)                  { s.event("writable") }
func (s *script) Closed(_ ID, e syscall.Errno) { s.event("closed %d", e) }
func (s *script) PathMTU(*Route) int           { return s.mtu }
func (s *script) Route(l, r wire.Addr) (Route, bool) {
	return Route{Local: us, Remote: r, MTU: int32(s.mtu)}, true
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
	if h.Flags&wire.SYN != 0 {
		s.iss = h.Seq
	}
	seq := h.Seq - s.iss
	if h.Flags&wire.RST != 0 && s.iss == 0 {
		seq = h.Seq
	}
	s.sent = append(s.sent, fmt.Sprintf("%s %d:%d(%d) ack %d", flagString(h.Flags), seq, seq+uint32(len(s.room)-h.HeaderLen),
		len(s.room)-h.HeaderLen, h.Ack))
}

func flagString(f uint8) string {
	var b strings.Builder
	for i, c := range "FSRPAUEC" {
		if f&(1<<i) != 0 && c != 'P' {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func flagBits(f string) (bits uint8) {
	for i, c := range "FSRPAUEC" {
		if strings.ContainsRune(f, c) {
			bits |= 1 << i
		}
	}
	return bits
}

// in gives a segment of the peer to the transport and flushes.
func (s *script) in(flags string, seq uint32, ack uint32, n int) {
	h := wire.TCP{SrcPort: 9000, DstPort: s.port, Seq: seq, Flags: flagBits(flags), Window: s.wnd}
	if strings.Contains(flags, "A") {
		h.Ack = s.iss + ack
	}
	b := make([]byte, 80+n)
	hl := wire.PutTCP(b, &h, &s.opts)
	s.tcp.Input(&Packet{Local: us, Remote: them, Segment: b[:hl+n], Checked: true, ECN: s.ecn}, s.now)
	s.tcp.Flush(s.now)
}

// run lets time pass.
func (s *script) run(d time.Duration) {
	for end := s.now + d; s.now < end; {
		next, ok := s.tcp.Next()
		s.now = min(end, max(next, s.now+time.Millisecond))
		if !ok {
			s.now = end
		}
		s.tcp.Tick(s.now)
		s.tcp.Flush(s.now)
	}
}

// want compares what was sent since the last call.
func (s *script) want(segments ...string) {
	s.Helper()
	if got, want := strings.Join(s.sent, "\n"), strings.Join(segments, "\n"); got != want {
		s.Fatalf("at %v sent\n%s\nwant\n%s", s.now, got, want)
	}
	s.sent = nil
}

func (s *script) wantEvents(events ...string) {
	s.Helper()
	if got, want := strings.Join(s.events, ", "), strings.Join(events, ", "); got != want {
		s.Fatalf("at %v events %q, want %q", s.now, got, want)
	}
	s.events = nil
}

func (s *script) listen(lc ListenConfig) {
	lc.Port = 80
	if _, err := s.tcp.Listen(lc); err != 0 {
		s.Fatal(err)
	}
}

// established opens a passive connection: the peer's next byte is 1001, ours is 1.
func established(t *testing.T, cfg Config, opts wire.TCPOptions) *script {
	s := newScript(t, cfg)
	s.listen(ListenConfig{})
	s.opts = opts
	s.in("S", 1000, 0, 0)
	s.want("SA 0:0(0) ack 1001")
	s.opts.MSS, s.opts.HasWScale, s.opts.SACKPermitted = 0, false, false
	s.run(10 * time.Millisecond)
	s.stampTS()
	s.in("A", 1001, 1, 0)
	s.wantEvents("accepted")
	s.want()
	return s
}

func (s *script) stampTS() {
	if s.opts.HasTS {
		s.opts.TSVal += 10
		s.opts.TSEcr = s.last.TSVal
	}
}

func (s *script) write(n int) {
	s.Helper()
	if took, err := s.tcp.Write(s.id, make([]byte, n)); took != n || err != 0 {
		s.Fatalf("write took %d: %v", took, err)
	}
	s.tcp.Flush(s.now)
}

func (s *script) state(want State) {
	s.Helper()
	if info, _ := s.tcp.Info(s.id); info.State != want {
		s.Fatalf("state %v, want %v", info.State, want)
	}
}

func (s *script) counted(c Counter, want uint64) {
	s.Helper()
	if got := s.tcp.stats[c]; got != want {
		s.Fatalf("%v is %d, want %d", c, got, want)
	}
}

func (s *script) finished() {
	s.Helper()
	if u := s.tcp.Usage(); u != (Usage{}) {
		s.Fatalf("left over: %+v", u)
	}
}

var (
	plain  = wire.TCPOptions{MSS: 1000}
	modern = wire.TCPOptions{MSS: 1012, HasWScale: true, WScale: 7, SACKPermitted: true, HasTS: true, TSVal: 1}
	sackOn = wire.TCPOptions{MSS: 1000, SACKPermitted: true}
)
