package tcp

import (
	"time"

	"ringstack/stack/wire"
)

// timeWait keeps a finished connection's numbers for 2 MSL, in a block much smaller than the connection's.
type timeWait struct {
	flow
	hash           uint32
	rcvNxt, sndNxt uint32
	tsRecent       uint32
	tsOff          uint32
	next, prev     uint32
	ts             bool
	until          time.Duration
}

// timeWaitList is all blocks, the first to end first: all wait equally long.
type timeWaitList struct{ head, tail uint32 }

// enterTimeWait acknowledges the peer's FIN, unless that is done, and exchanges the connection block for a small one.
func (t *Transport) enterTimeWait(i uint32, c *conn) {
	if c.has(ackNow) {
		t.sendAck(c)
	}
	if t.timeWait.used >= t.timeWait.limit {
		t.stats[TWFull]++
		t.freeTimeWait(t.waiting.head)
	}
	j := t.timeWait.alloc()
	w := t.timeWait.at(j)
	*w = timeWait{
		flow: c.flow, hash: c.tableHash, rcvNxt: c.rcvNxt, sndNxt: c.sndNxt, tsRecent: c.tsRecent, tsOff: c.tsOff,
		ts: c.has(useTS), until: t.now + 2*t.cfg.MSL,
	}
	t.stats[TWCreated]++
	t.waiting.push(t, j)
	t.table.replace(c.tableHash, refConn|ref(i), refTimeWait|ref(j))
	c.clear(inTable)
	t.finish(i, c, TimeWait)
}

func (l *timeWaitList) push(t *Transport, j uint32) {
	w := t.timeWait.at(j)
	w.next, w.prev = 0, l.tail
	if l.tail == 0 {
		l.head = j
	} else {
		t.timeWait.at(l.tail).next = j
	}
	l.tail = j
}

func (l *timeWaitList) unlink(t *Transport, j uint32) {
	w := t.timeWait.at(j)
	if w.prev == 0 {
		l.head = w.next
	} else {
		t.timeWait.at(w.prev).next = w.next
	}
	if w.next == 0 {
		l.tail = w.prev
	} else {
		t.timeWait.at(w.next).prev = w.prev
	}
}

func (t *Transport) expireTimeWait() {
	for t.waiting.head != 0 && t.timeWait.at(t.waiting.head).until <= t.now {
		t.freeTimeWait(t.waiting.head)
	}
}

func (t *Transport) freeTimeWait(j uint32) {
	t.waiting.unlink(t, j)
	t.table.remove(t.timeWait.at(j).hash, refTimeWait|ref(j))
	t.timeWait.release(j)
}

// reuseTimeWait frees the block for a new connection of ours where its numbers, or the clock of timestamps, keep old segments
// out (RFC 6191 section 2). floor is below the first sequence number to use.
func (t *Transport) reuseTimeWait(j uint32) (floor uint32, ok bool) {
	w := t.timeWait.at(j)
	if !w.ts || w.until-t.now > 2*t.cfg.MSL-time.Second {
		return 0, false
	}
	floor = w.sndNxt
	t.stats[TWReused]++
	t.freeTimeWait(j)
	return floor | 1, true
}

// timeWaitInput handles a segment for a finished connection (RFC 9293 section 3.10.7.4, RFC 1337, RFC 6191).
func (t *Transport) timeWaitInput(p *Packet, j uint32, s *segment, hash uint32) {
	w := t.timeWait.at(j)
	if s.has(wire.RST) {
		t.stats[TWReset]++ // RFC 1337: a reset must not end TIME-WAIT
		return
	}
	if s.has(wire.SYN) && !s.has(wire.ACK) && w.newer(s) {
		if id := t.listenerFor(&p.Local, s.dstPort); id != 0 {
			floor := w.sndNxt | 1
			t.stats[TWRecycled]++
			t.freeTimeWait(j)
			t.synInput(p, id, s, hash, floor)
			return
		}
	}
	if s.end == s.seq && s.seq == w.rcvNxt {
		if w.ts && s.opts.HasTS && !before(s.opts.TSVal, w.tsRecent) {
			w.tsRecent = s.opts.TSVal // RFC 7323 section 4.3
		}
		return // nothing to answer
	}
	if s.has(wire.FIN) && s.end == w.rcvNxt {
		w.until = t.now + 2*t.cfg.MSL
		t.waiting.unlink(t, j)
		t.waiting.push(t, j)
	}
	t.timeWaitAck(w)
}

// newer: the SYN cannot be an old duplicate (RFC 6191 section 2).
func (w *timeWait) newer(s *segment) bool {
	if w.ts && s.opts.HasTS && s.opts.TSVal != w.tsRecent {
		return after(s.opts.TSVal, w.tsRecent)
	}
	return after(s.seq, w.rcvNxt)
}

func (t *Transport) timeWaitAck(w *timeWait) {
	if !t.resets.allow(t.now) {
		t.stats[ChallengeLimited]++
		return
	}
	h := wire.TCP{Seq: w.sndNxt, Ack: w.rcvNxt, Flags: wire.ACK, Window: maxWindow}
	var o wire.TCPOptions
	if w.ts {
		o.HasTS, o.TSVal, o.TSEcr = true, t.clock()+w.tsOff, w.tsRecent
	}
	if t.control(&w.flow, &h, &o, 0) {
		t.stats[TWAck]++
	}
}
