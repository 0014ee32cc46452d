package tcp

import (
	"time"

	"ringstack/stack/buf"
	"ringstack/stack/siphash"
	"ringstack/stack/wheel"
)

// tick is the resolution of timers.
const tick = time.Millisecond

// Transport is the TCP of one engine. Make it with New.
type Transport struct {
	cfg    Config
	net    Net
	events Events
	now    time.Duration

	table    table
	conns    slab[conn]
	halfOpen slab[halfOpen]
	timeWait slab[timeWait]
	sent     slab[sent]
	runs     slab[run]
	bufs     *buf.Pool
	wheel    *wheel.Wheel // connections
	synWheel *wheel.Wheel // half-open connections

	listeners listeners
	waiting   timeWaitList
	dirty     dirtyList
	turn      uint32 // counts calls of Flush
	seg       segment
	stranger  flow // of a segment that belongs to no connection
	ack       ackInfo
	direct    direct
	runStamp  uint64
	secrets   secrets
	cookies   cookieState
	resets    rateLimit
	portHint  uint32
	progress  bool  // tell Net of connections that make progress
	squeezed  bool  // short memory has kept a window small
	relief    sweep // tells of windows when memory is free again
	resume    sweep // repeats what was lost with the link
	stats     Stats
}

type secrets struct {
	table, isn, timestamp, cookie, port siphash.Key
}

// New returns a Transport without connections.
func New(cfg Config, net Net, events Events) (*Transport, error) {
	cfg.setDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	seed := siphash.NewKey((*[16]byte)(cfg.Seed[:16]))
	seed2 := siphash.NewKey((*[16]byte)(cfg.Seed[16:]))
	t := &Transport{
		cfg: cfg, net: net, events: events,
		table:    newTable(),
		conns:    newSlab[conn](cfg.MaxConns),
		halfOpen: newSlab[halfOpen](cfg.MaxHalfOpen),
		timeWait: newSlab[timeWait](cfg.MaxTimeWait),
		sent:     newSlab[sent](cfg.MaxConns + cfg.Memory/256),
		runs:     newSlab[run](cfg.MaxConns + cfg.Memory/buf.ChunkSize),
		bufs:     buf.NewPool(cfg.Memory),
		wheel:    wheel.New(tick),
		synWheel: wheel.New(tick),
		secrets: secrets{
			table: seed.Derive(1), isn: seed2.Derive(2), timestamp: seed.Derive(3),
			cookie: seed2.Derive(4), port: seed.Derive(5),
		},
	}
	t.resets.rate = cfg.RSTRate
	return t, nil
}

// Stats returns the counters.
func (t *Transport) Stats() Stats { return t.stats }

// Tick runs the timers that are due at now.
func (t *Transport) Tick(now time.Duration) {
	t.now = now
	t.resumeSome()
	for i, ok := t.wheel.Expire(now); ok; i, ok = t.wheel.Expire(now) {
		t.runTimers(i, t.conns.at(i))
	}
	for i, ok := t.synWheel.Expire(now); ok; i, ok = t.synWheel.Expire(now) {
		t.synAckTimeout(i, t.halfOpen.at(i))
	}
	t.expireTimeWait()
}

// Next is when Tick has something to do again; ok is false when nothing waits. It is at once while Tick or Flush has work left.
func (t *Transport) Next() (at time.Duration, ok bool) {
	if t.dirty.head != 0 || t.resume.active() || t.relief.active() {
		return t.now, true
	}
	at, ok = t.wheel.Next()
	if syn, waiting := t.synWheel.Next(); waiting && (!ok || syn < at) {
		at, ok = syn, true
	}
	if w := t.waiting.head; w != 0 {
		if end := t.timeWait.at(w).until; !ok || end < at {
			at, ok = end, true
		}
	}
	return at, ok
}

// dirtyList is the connections that Flush has to look at, in the order in which they were marked.
type dirtyList struct{ head, tail uint32 }

func (t *Transport) mark(i uint32, c *conn) {
	if c.has(isDirty) {
		return
	}
	c.set(isDirty)
	c.nextDirty, c.dirtyTurn = 0, t.turn
	if t.dirty.head == 0 {
		t.dirty.head = i
	} else {
		t.conns.at(t.dirty.tail).nextDirty = i
	}
	t.dirty.tail = i
}

// refusals is how many connections in a row may find no buffer in a Flush, so that many that wait cost little in each turn. Those of
// another port may be next.
const refusals = 16

// Flush sends what the connections marked since the last call have to send. Call it once per turn of the loop, after
// Input, Tick and the application's calls. What finds no free buffer, or more than its share of a turn, waits for the next call;
// when several in a row have found none, so do all others.
func (t *Transport) Flush(now time.Duration) {
	t.now = now
	t.relieveSome()
	last, refused := t.dirty.tail, 0
	for i := t.dirty.head; i != 0 && refused < refusals; i = t.dirty.head {
		c := t.conns.at(i)
		t.dirty.head = c.nextDirty
		held := t.resume.waits(i) && t.waits(c)
		c.clear(isDirty)
		switch {
		case c.has(released):
			t.conns.release(i)
		case held:
			t.mark(i, c)
		default:
			r := t.flushOne(i, c)
			if r != flushed {
				t.mark(i, c)
			}
			if refused++; r != noBuffer {
				refused = 0
			}
		}
		if i == last {
			break
		}
	}
	t.turn++
}

// waits: the connection has something to send that the last Flush had no buffer for.
func (t *Transport) waits(c *conn) bool {
	return c.has(starved) || c.has(isDirty) && c.dirtyTurn != t.turn
}
