package tcp

import (
	"syscall"
	"time"

	"ringstack/stack/buf"
)

// conn is a connection block (TCB). It has no pointers. What every segment touches comes first.
type conn struct {
	flow
	flags     connFlags
	state     State
	ca        caState
	rtxKind   timerKind
	lifeKind  timerKind
	nextDirty uint32
	dirtyTurn uint32 // when it was marked
	gen       uint32

	// Receiving (RFC 9293 section 3.3.1).
	rcvNxt    uint32
	rcvAdv    uint32 // right edge of the window as advertised
	rcvAcked  uint32 // last acknowledgement sent
	rcvBuf    uint32
	tsRecent  uint32
	tsOff     uint32
	sndWScale uint8
	rcvWScale uint8
	mss       uint16 // payload bytes of a full segment without SACK blocks
	rcvMSS    uint16 // largest segment seen: what counts as full sized
	dupAcks   uint16
	rcvQ      buf.Queue
	runs      uint32 // out-of-order runs by sequence; 0: none
	nRuns     uint16
	quickAcks uint8
	backoff   uint8 // retransmission timeouts in a row
	lastRecv  time.Duration

	// Sending.
	sndUna    uint32
	sndNxt    uint32
	sndWnd    uint32
	sndWL1    uint32
	sndWL2    uint32
	maxSndWnd uint32
	sndSml    uint32 // end of the last small segment (Minshall's Nagle)
	sndBuf    uint32
	sndQ      buf.Queue
	sndCur    buf.Cursor
	sentHead  uint32 // records of what is in flight
	sentTail  uint32
	nSent     uint16
	peerMSS   uint16
	cwnd      uint32
	ssthresh  uint32
	sacked    uint32 // bytes in flight that the peer holds
	lost      uint32 // bytes in flight that are deemed lost and not sent again yet
	ccBytes   uint32

	// Round-trip time (RFC 6298).
	srtt   time.Duration
	rttvar time.Duration
	rto    time.Duration

	// Deadlines; 0: none. The wheel holds one timer, at or before the earliest.
	rtxAt   time.Duration
	delayAt time.Duration
	lifeAt  time.Duration

	lastSend   time.Duration
	minRTT     time.Duration
	wakeAt     time.Duration // when the wheel wakes the connection; 0: not armed
	progress   time.Duration // when the oldest byte in flight became the oldest
	mtuAt      time.Duration // when a larger path MTU is tried
	rack       rackState
	rec        recovery
	cubic      cubicState
	irs, iss   uint32
	finSeq     uint32 // sequence number of the peer's FIN, when seen
	dsack      [2]uint32
	parent     ID
	rcvSpace   uint32 // position at the start of the autotuning round
	rcvRound   time.Duration
	userTO     time.Duration
	linger     time.Duration
	keepIdle   time.Duration
	keepIntvl  time.Duration
	keepCount  uint8
	keepSent   uint8
	synTries   uint8
	blackholes uint8 // path MTUs reduced without an ICMP error
	controller Congestion
	softErr    uint16 // errno
	err        uint16
	challenge  challengeState
	tableHash  uint32
}

// connFlags are bits of conn.flags.
type connFlags uint32

const (
	useTS connFlags = 1 << iota
	useSACK
	useECN
	noDelay
	keepAlive
	fixedSndBuf
	fixedRcvBuf
	isDirty    // in the list that Flush works through
	ackNow     // acknowledge in this turn
	ackDelayed // acknowledge with data or by the timer
	finQueued  // the application ended its stream
	finSent
	finSeen     // finSeq is known
	finRcvd     // every byte up to the peer's FIN is received
	appClosed   // Close was called: no more events but Closed
	wantWrite   // a Write was short
	ecnEcho     // send ECE until CWR comes
	ecnCWR      // send CWR with the next new data
	probeOut    // a window probe with one byte past sndNxt is out
	cwndLimited // the window, not the application, held back the last output
	tlpOut      // a tail loss probe is out
	tlpRexmt    // and it repeated old bytes
	reordered   // the path reorders
	dsackDue
	notTaken // counts against its listener's backlog
	inTable
	released // the slot is to be freed when the dirty list lets go of it
	inEvent  // the last event is being delivered
	synDue   // a SYN, or the SYN-ACK of a simultaneous open, is to be sent
	starved  // the last segment found no buffer
	narrow   // short memory keeps the window smaller than it could be
)

func (c *conn) has(f connFlags) bool { return c.flags&f != 0 }
func (c *conn) set(f connFlags)      { c.flags |= f }
func (c *conn) clear(f connFlags)    { c.flags &^= f }

func (c *conn) flight() uint32 { return c.sndNxt - c.sndUna }

// pipe is what is thought to be in the network (RFC 6675 section 2).
func (c *conn) pipe() uint32 { return c.flight() - c.sacked - c.lost }

// dataEnd is the sequence number after the last byte queued.
func (c *conn) dataEnd() uint32 { return c.sndQ.Pos() + uint32(c.sndQ.Len()) }

// sndMax is the highest acknowledgement that the peer may send.
func (c *conn) sndMax() uint32 {
	if c.has(probeOut) {
		return c.sndNxt + 1
	}
	return c.sndNxt
}

// unsent: there is data or a FIN that was never sent.
func (c *conn) unsent() bool {
	return c.state.sending() && !c.has(finSent) && (c.dataEnd() != c.sndNxt || c.has(finQueued))
}

// unsentBytes is the data never sent: behind a FIN there is none.
func (c *conn) unsentBytes() uint32 {
	if c.has(finSent) {
		return 0
	}
	return c.dataEnd() - c.sndNxt
}

// newConn takes a connection block; 0 when the limit is reached.
func (t *Transport) newConn(f *flow, hash uint32) (uint32, *conn) {
	i := t.conns.alloc()
	if i == 0 {
		return 0, nil
	}
	c := t.conns.at(i)
	*c = conn{
		flow: *f, gen: c.gen + 1, tableHash: hash,
		sndBuf: uint32(t.cfg.SendBuf), rcvBuf: uint32(t.cfg.RecvBuf),
		rto: t.cfg.RTOInitial, ssthresh: 1 << 30, linger: -1,
		keepIdle: t.cfg.KeepIdle, keepIntvl: t.cfg.KeepIntvl, keepCount: uint8(t.cfg.KeepCount),
		controller: t.cfg.Congestion, lastRecv: t.now, quickAcks: quickAckSegments,
	}
	c.set(inTable)
	t.table.insert(hash, refConn|ref(i))
	return i, c
}

// conn returns the block that id names, nil when it is gone.
func (t *Transport) conn(id ID) (uint32, *conn) {
	i := id.index()
	if i == 0 || i > t.conns.size() {
		return 0, nil
	}
	c := t.conns.at(i)
	if c.gen != id.gen() || c.has(released) {
		return 0, nil
	}
	return i, c
}

// drop ends a connection with an error and tells the application.
func (t *Transport) drop(i uint32, c *conn, err syscall.Errno) {
	t.stats[Drops]++
	connecting := c.state == SynSent || c.state == SynRcvd
	if connecting {
		t.stats[ConnDrops]++
	}
	t.forget(i, c)
	id := makeID(i, c.gen)
	c.set(inEvent)
	if connecting {
		t.events.Connected(id, err)
	} else {
		t.events.Closed(id, err)
	}
	t.release(i, c)
}

// finish ends a connection in order: at once when the application has closed it, else when it does.
func (t *Transport) finish(i uint32, c *conn, s State) {
	t.stats[Closes]++
	t.forget(i, c)
	c.state = s
	if c.has(appClosed) {
		t.closed(i, c)
	}
}

// closed delivers the orderly end.
func (t *Transport) closed(i uint32, c *conn) {
	c.set(inEvent)
	t.events.Closed(makeID(i, c.gen), syscall.Errno(c.err))
	t.release(i, c)
}

// forget takes the connection out of the table and gives back everything but the bytes that can still be read.
func (t *Transport) forget(i uint32, c *conn) {
	if c.has(inTable) {
		t.table.remove(c.tableHash, refConn|ref(i))
		c.clear(inTable)
	}
	t.taken(c)
	t.wheel.Cancel(i)
	c.rtxAt, c.delayAt, c.lifeAt, c.wakeAt = 0, 0, 0, 0
	t.bufs.Reset(&c.sndQ)
	t.freeSent(c)
	t.freeRuns(c)
	c.state = Closed
}

// release frees the block, or leaves that to Flush while the block is in its list.
func (t *Transport) release(i uint32, c *conn) {
	t.bufs.Reset(&c.rcvQ)
	if t.direct.conn == i {
		t.direct = direct{}
	}
	c.set(released)
	if !c.has(isDirty) {
		t.conns.release(i)
	}
}
