package stack

import (
	"syscall"
	"testing"
	"time"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// nativeRival is the engine under test.
type nativeRival struct {
	*host
	peer    wire.Addr
	cable   *host
	now     time.Duration
	id      tcp.ID
	held    bool
	closed  bool // by the application
	sent    uint32
	bytes   []byte
	eofSeen bool
}

func newNativeRival(t testing.TB, six, ecn bool) *nativeRival {
	r := &nativeRival{cable: &host{t: t}, peer: peer4, now: time.Second}
	if six {
		r.peer = peer6
	}
	r.host = newHost(t, 1, func(c *Config) { c.TCP.NoECN, c.TCP.NoDelayAck = !ecn, true })
	r.host.peer, r.host.app = r.cable, r
	r.SetNeighbour(0, peer4, stationMAC)
	r.SetNeighbour(0, peer6, stationMAC)
	r.SetNeighbour(0, station6, stationMAC)
	r.open(Ends{LocalPort: udpPort})
	r.onData = func(_ SocketID, d *Datagram) { r.tell("datagram %d %x", d.RemotePort, d.Data) }
	r.quiet = true
	r.turn()
	return r
}

func (r *nativeRival) turn() {
	for next := r.now; next <= r.now; {
		next = r.Poll(r.now)
	}
}

func (r *nativeRival) input(frame []byte) {
	r.Input(0, append([]byte{}, frame...), r.now)
	r.turn()
}

func (r *nativeRival) advance(d time.Duration) {
	for end := r.now + d; r.now < end; {
		next := r.Poll(r.now)
		r.now = min(end, max(next, r.now+time.Millisecond))
		r.turn()
	}
}

func (r *nativeRival) frames() [][]byte {
	all := r.cable.inbox
	r.cable.inbox = nil
	return all
}

func (r *nativeRival) state() tcp.State {
	for info := range r.TCP().All() {
		if info.Remote == r.peer && info.RemotePort == peerPort && info.LocalPort == rivalPort {
			return info.State
		}
	}
	return tcp.Closed
}

func (r *nativeRival) listen() { r.TCP().Listen(tcp.ListenConfig{Port: rivalPort, Backlog: 8}) }

func (r *nativeRival) connect() {
	id, err := r.TCP().Connect(&tcp.ConnectConfig{Remote: r.peer, RemotePort: peerPort, LocalPort: rivalPort})
	if err != 0 {
		r.tell("connect: %v", err)
	}
	r.begin(id)
	r.turn()
}

func (r *nativeRival) begin(id tcp.ID) {
	r.id, r.closed, r.eofSeen, r.sent, r.bytes = id, false, false, 0, nil
	r.TCP().SetNoDelay(id, true)
	r.TCP().Take(id)
}

func (r *nativeRival) write(n int) {
	took, err := r.TCP().Write(r.id, streamBytes(r.sent, n))
	if err != 0 {
		r.tell("write: %v", err)
	}
	r.sent += uint32(took)
	r.turn()
}

func (r *nativeRival) hold(on bool) {
	if r.held = on; !on {
		r.Readable(r.id)
	}
	r.turn()
}

func (r *nativeRival) closeWrite() {
	if err := r.TCP().CloseWrite(r.id); err != 0 {
		r.tell("shutdown: %v", err)
	}
	r.turn()
}

func (r *nativeRival) close() {
	r.closed = true
	r.TCP().Close(r.id)
	r.turn()
}

func (r *nativeRival) tell(format string, args ...any) {
	r.note(format, args...)
}

func (r *nativeRival) news() []string {
	all := r.log
	r.log = nil
	return all
}

func (r *nativeRival) received() []byte { return r.bytes }
func (r *nativeRival) stop()            {}

// The application.

func (r *nativeRival) Accepted(_, c tcp.ID) {
	r.begin(c)
	r.tell("accepted")
}

func (r *nativeRival) Connected(_ tcp.ID, err syscall.Errno) {
	if err != 0 {
		r.tell("error: %v", err)
		return
	}
	r.tell("connected")
}

func (r *nativeRival) Readable(c tcp.ID) {
	if r.held || r.closed {
		return
	}
	for b := r.TCP().Peek(c); len(b) > 0; b = r.TCP().Peek(c) {
		r.bytes = append(r.bytes, b...)
		r.TCP().Consume(c, len(b))
	}
	if r.TCP().EOF(c) && !r.eofSeen {
		r.eofSeen = true
		r.tell("eof")
	}
}

func (r *nativeRival) Writable(tcp.ID) {}

func (r *nativeRival) Closed(_ tcp.ID, err syscall.Errno) {
	if !r.closed && err != 0 {
		r.tell("error: %v", err)
	}
}
