package stack

import (
	"fmt"
	"time"

	"ringstack/stack/neigh"
	"ringstack/stack/reasm"
	"ringstack/stack/siphash"
	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// Engine is a TCP/IP stack. It belongs to one goroutine.
type Engine struct {
	config Config
	events Events
	ports  []port
	now    time.Duration // of the last Input or Poll

	addresses addressTable
	routes    []route // longest prefix first, then lowest metric
	hops      hops
	recent    [recentPaths]recent
	mtus      pathMTUs
	groups    []group

	neighbours *neigh.Cache
	fragments  *reasm.Table
	sockets    sockets
	tcp        *tcp.Transport
	loop       loopback

	in       packet
	out      output
	datagram Datagram // argument of Events.Datagram
	segment  tcp.Packet
	tcpError tcp.ICMPError
	tooBig   mtuClaim
	udpRoute path // of the datagram being sent
	choices  [16]uint16
	starved  bool   // a device had no buffer in this Poll
	whole    []byte // a packet before it is cut
	held     []byte // a frame that will wait for its neighbour

	detectAt       time.Duration
	autoAt         time.Duration
	reportAt       time.Duration
	errorTokens    tokens
	redirectTokens tokens
	pingID         uint16
	ids            [identities]uint32
	key            siphash.Key
	draws          uint64 // random numbers used
	stats          Stats
}

// New returns an engine with the ports of config and no address but the link-local ones that it asks for.
func New(config Config, events Events) (*Engine, error) {
	config.defaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	seed := siphash.NewKey((*[16]byte)(config.Seed[:16]))
	e := &Engine{
		config: config, events: events,
		key:       seed.Derive(16),
		hops:      hops{list: make([]hop, 1, config.Hops), buckets: make([]uint16, maxHops)},
		mtus:      newPathMTUs(config.PathMTUs),
		sockets:   newSockets(config.Sockets),
		addresses: addressTable{index: make([]uint16, 16)},
		whole:     make([]byte, wire.IPv6Len+maxPacket),
		detectAt:  never, autoAt: never, reportAt: never,
		errorTokens:    tokens{rate: config.Errors, have: config.Errors},
		redirectTokens: tokens{rate: redirectsRate, have: redirectsRate},
	}
	for i, p := range config.Ports {
		e.ports = append(e.ports, newPort(i, p))
		e.config.Neighbour.FrameSize = max(e.config.Neighbour.FrameSize, e.ports[i].etherLen+e.ports[i].config.MTU)
	}
	e.held = make([]byte, e.config.Neighbour.FrameSize)
	e.config.Neighbour.Key, e.config.Fragments.Key = seed.Derive(17), seed.Derive(18)
	e.config.Loopback = max(e.config.Loopback, 2*maxPacket) &^ 7
	e.neighbours = neigh.New(e.config.Neighbour, neighbourHost{e})
	e.fragments = reasm.New(e.config.Fragments)
	e.config.TCP.Seed = config.Seed
	var err error
	if e.tcp, err = tcp.New(e.config.TCP, tcpNet{e}, events); err != nil {
		return nil, err
	}
	for i := range e.ports {
		if err := e.startPort(&e.ports[i]); err != nil {
			return nil, fmt.Errorf("start port %d %q: %w", i, e.ports[i].config.Name, err)
		}
	}
	return e, nil
}

func (e *Engine) startPort(p *port) error {
	if p.config.LinkLocal || p.config.Autoconf {
		if err := e.addAddress(address{addr: linkLocal(&p.config.MAC), bits: 64, port: p.id}); err != 0 {
			return err
		}
	}
	if p.config.Autoconf {
		e.startAutoconf(p)
	}
	return nil
}

// speaks reports whether this engine is the one that speaks for its addresses now.
func (e *Engine) speaks() bool { return e.config.Leader == nil || e.config.Leader() }

// shares reports whether other engines have the same addresses.
func (e *Engine) shares() bool { return e.config.Leader != nil }

// random returns a number that the seed determines and nobody outside can guess.
func (e *Engine) random() uint64 {
	e.draws++
	return e.key.Words2(e.draws, 1<<63)
}

// Poll runs due timers, delivers packets to ourselves and sends what could not be sent before. It returns when it wants to be
// called again at the latest; math.MaxInt64 means not before an Input or another call.
func (e *Engine) Poll(now time.Duration) (next time.Duration) {
	e.now = now
	e.expireFragments()
	e.expirePathMTUs()
	e.detect()
	e.autoconf()
	e.report()
	e.starved = false
	next, ok := e.neighbours.Poll(now)
	if !ok {
		next = never
	}
	e.tcp.Tick(now)
	for range loopRounds {
		e.drainLoop()
		e.tcp.Flush(now)
		if e.loop.used == 0 {
			break
		}
	}
	e.tcp.ReportProgress(e.neighbours.Doubtful() > 0)
	if next = e.earliest(next); e.starved {
		return max(next, now+retryInterval)
	}
	return next
}

// retryInterval is how soon Poll asks to be called again after a device had no buffer.
const retryInterval = time.Millisecond

// loopRounds bounds how often the two ends of connections to ourselves answer each other in one Poll.
const loopRounds = 64

// earliest returns the first of the times at which something is due.
func (e *Engine) earliest(next time.Duration) time.Duration {
	if e.loop.used > 0 {
		return e.now
	}
	if at, ok := e.tcp.Next(); ok {
		next = min(next, at)
	}
	if at, ok := e.fragments.Next(); ok {
		next = min(next, at)
	}
	if e.mtus.n > 0 {
		if at, ok := e.mtus.timers.Next(); ok {
			next = min(next, at)
		}
	}
	return min(next, e.detectAt, e.autoAt, e.reportAt)
}

// Stats returns the counters as they are.
func (e *Engine) Stats() Stats { return e.stats }
