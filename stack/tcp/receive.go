package tcp

import (
	"syscall"

	"ringstack/stack/buf"
	"ringstack/stack/wire"
)

// quickAckSegments are acknowledged at once at a connection's start, where the sender's window is small.
const quickAckSegments = 8

// dataInput takes the payload and FIN of an acceptable segment (RFC 9293 section 3.10.7.4, seventh and eighth step).
func (t *Transport) dataInput(i uint32, c *conn, s *segment) news {
	fin := s.has(wire.FIN)
	if len(s.data) == 0 && !fin {
		return 0
	}
	if !c.state.mayReceive() {
		return 0 // past the peer's FIN there is nothing
	}
	seq, data := t.trim(c, s, &fin)
	if fin && !c.has(finSeen) {
		c.set(finSeen)
		c.finSeq = seq + uint32(len(data))
		t.dropRunsPast(c, c.finSeq)
	}
	if c.has(finSeen) && after(seq+uint32(len(data)), c.finSeq) {
		data = data[:max(int32(c.finSeq-seq), 0)] // nothing comes after a FIN
	}
	var n news
	if len(data) > 0 {
		if c.has(appClosed) {
			t.abortOnData(i, c)
			return 0
		}
		if seq != c.rcvNxt {
			t.outOfOrder(c, seq, data)
		} else if t.roomFor(uint32(len(data))) {
			t.inOrder(i, c, data)
			n = newsReadable
		} else {
			t.stats[RcvMemDrop]++
			c.set(ackNow)
		}
	} else if fin && seq != c.rcvNxt {
		c.set(ackNow)
	}
	if c.has(finSeen) && c.finSeq == c.rcvNxt {
		t.peerFin(i, c)
		n = newsReadable
	}
	return n
}

// trim cuts off what was received before and what lies past the window.
func (t *Transport) trim(c *conn, s *segment, fin *bool) (seq uint32, data []byte) {
	seq, data = s.seq, s.data
	if dup := int32(c.rcvNxt - seq); dup > 0 {
		n := min(uint32(dup), uint32(len(data)))
		t.stats[RcvPartDupPack]++
		t.stats[RcvDupByte] += uint64(n)
		c.noteDSACK(seq, seq+n)
		c.set(ackNow)
		seq, data = seq+n, data[n:]
	}
	if room := c.rcvAdv - seq; uint32(len(data)) > room {
		t.stats[RcvAfterWin]++
		c.set(ackNow)
		data = data[:room]
		*fin = false
	}
	return seq, data
}

// roomFor: the pool can hold n more bytes, whatever a handler writes before they are copied (Write leaves the reserve).
func (t *Transport) roomFor(n uint32) bool {
	return t.bufs.Free() >= int(n/buf.ChunkSize)+2
}

// inOrder takes the next bytes of the stream. With an empty queue they stay in the device's buffer until Readable was called.
func (t *Transport) inOrder(i uint32, c *conn, data []byte) {
	n := uint32(len(data))
	t.stats[RcvPack]++
	t.stats[RcvByte] += uint64(n)
	c.rcvNxt += n
	t.confirm(c)
	c.rcvMSS = max(c.rcvMSS, uint16(n))
	c.set(ackDelayed)
	if c.rcvQ.Len() == 0 && c.runs == 0 {
		c.rcvQ.SetPos(c.rcvNxt - n)
		t.direct = direct{i, data}
		return
	}
	t.bufs.Append(&c.rcvQ, data)
	if c.runs != 0 {
		c.set(ackNow)
		t.fillFromRuns(c)
	}
}

// outOfOrder keeps bytes past a hole and answers at once, so that the sender learns of the hole (RFC 5681 section 4.2).
func (t *Transport) outOfOrder(c *conn, seq uint32, data []byte) {
	t.stats[RcvOOPack]++
	t.stats[RcvOOByte] += uint64(len(data))
	t.storeRun(c, seq, data)
	t.sendAck(c)
}

// peerFin: the peer's stream has ended and every byte of it is here.
func (t *Transport) peerFin(i uint32, c *conn) {
	c.rcvNxt++
	c.rcvAdv = seqMax(c.rcvAdv, c.rcvNxt)
	c.set(finRcvd | ackNow)
	t.freeRuns(c)
	switch c.state {
	case Established:
		c.state = CloseWait
	case FinWait1:
		c.state = Closing
	case FinWait2:
		t.enterTimeWait(i, c)
	}
}

// abortOnData: nobody can read what arrives after Close, and the peer has to know (RFC 1122 section 4.2.2.13).
func (t *Transport) abortOnData(i uint32, c *conn) {
	t.stats[RcvAfterClose]++
	t.sendRST(c)
	t.drop(i, c, syscall.ECONNRESET)
}

// ackOrWait acknowledges at once or by the timer (RFC 9293 section 3.8.6.3).
func (t *Transport) ackOrWait(c *conn) flushResult {
	now := c.has(ackNow) || t.cfg.NoDelayAck || c.rcvNxt-c.rcvAcked >= 2*uint32(c.rcvMSS)
	if !now && c.quickAcks > 0 {
		c.quickAcks--
		now = true
	}
	if now {
		if !t.sendAck(c) {
			return noBuffer
		}
		return flushed
	}
	if c.delayAt == 0 {
		c.delayAt = t.now + t.cfg.DelayedAck
	}
	return flushed
}
