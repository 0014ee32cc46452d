package tcp

import (
	"encoding/binary"

	"ringstack/stack/wire"
)

const tsOptionLen = 12

// optionLen is the length of the options of any segment but a SYN.
func (c *conn) optionLen() int {
	n := c.sackLen()
	if c.has(useTS) {
		n += tsOptionLen
	}
	return n
}

// transmit sends one segment with n bytes of the queue from seq on, and with the acknowledgement and window of now. It returns false
// when no buffer was free.
func (t *Transport) transmit(c *conn, seq uint32, n int, flags uint8) bool {
	hl := wire.TCPLen + c.optionLen()
	b := t.net.Segment(&c.Route, hl+n)
	if b == nil {
		t.starve(c)
		return false
	}
	if c.has(ecnEcho) {
		flags |= wire.ECE
	}
	wnd := t.advertise(c)
	binary.BigEndian.PutUint16(b, c.localPort)
	binary.BigEndian.PutUint16(b[2:], c.remotePort)
	binary.BigEndian.PutUint32(b[4:], seq)
	binary.BigEndian.PutUint32(b[8:], c.rcvNxt)
	b[12], b[13] = uint8(hl)<<2, flags
	binary.BigEndian.PutUint16(b[14:], wnd)
	binary.BigEndian.PutUint32(b[16:], 0) // checksum and urgent pointer
	t.putOptions(c, b[wire.TCPLen:hl])
	sum := uint32(0)
	ecn := uint8(0)
	if n > 0 {
		sum = t.copyPayload(c, b[hl:hl+n], seq)
		// RFC 3168 section 6.1.5: retransmissions and window probes are not ECN-capable.
		if c.has(useECN) && seq == c.sndNxt && c.sndWnd > 0 {
			ecn = wire.ECT0
		}
	}
	t.net.Send(&c.Route, sum, ecn)
	t.stats[SndTotal]++
	c.rcvAcked = c.rcvNxt
	c.clear(ackNow | ackDelayed | dsackDue | starved)
	c.delayAt = 0
	if n > 0 {
		c.lastSend = t.now
	}
	return true
}

// copyPayload copies from the send queue, chunk by chunk, and returns the partial sum.
func (t *Transport) copyPayload(c *conn, dst []byte, seq uint32) (sum uint32) {
	for done := 0; done < len(dst); {
		src := t.bufs.Slice(&c.sndQ, &c.sndCur, seq+uint32(done), len(dst)-done)
		sum = wire.Join(sum, done, wire.CopySum(dst[done:], src))
		done += len(src)
	}
	return sum
}

// putOptions writes timestamps and SACK blocks.
func (t *Transport) putOptions(c *conn, b []byte) {
	if c.has(useTS) {
		binary.BigEndian.PutUint32(b, 0x0101080a)
		binary.BigEndian.PutUint32(b[4:], t.tsClock(c))
		binary.BigEndian.PutUint32(b[8:], c.tsRecent)
		b = b[tsOptionLen:]
	}
	if len(b) > 0 {
		t.putSACK(c, b)
	}
}

// starve notes that a connection has something to send and no buffer for it; it is counted once, however often it tries.
func (t *Transport) starve(c *conn) {
	if !c.has(starved) {
		c.set(starved)
		t.stats[OutNoBuf]++
	}
}

// sendAck sends an acknowledgement alone.
func (t *Transport) sendAck(c *conn) bool {
	if !t.transmit(c, c.sndNxt, 0, wire.ACK) {
		c.set(ackNow)
		return false
	}
	t.stats[SndAcks]++
	return true
}

// keepProbe sends an acknowledgement of a byte long past, which draws an answer; false when no buffer was free.
func (t *Transport) keepProbe(c *conn) bool {
	if !t.transmit(c, c.sndUna-1, 0, wire.ACK) {
		return false
	}
	t.stats[KeepProbe]++
	return true
}

// resetSeq is the number of a reset: SND.NXT, but a peer that has taken window back would drop one that lies past it.
func (c *conn) resetSeq() uint32 {
	if end := c.sndUna + c.sndWnd; c.state.sending() && before(end, c.sndNxt) {
		return end
	}
	return c.sndNxt
}

// sendRST ends the connection at the peer.
func (t *Transport) sendRST(c *conn) {
	h := wire.TCP{Seq: c.resetSeq(), Ack: c.rcvNxt, Flags: wire.RST | wire.ACK}
	var o wire.TCPOptions
	if c.has(useTS) {
		o.HasTS, o.TSVal, o.TSEcr = true, t.tsClock(c), c.tsRecent
	}
	if t.control(&c.flow, &h, &o, 0) {
		t.stats[SndRST]++
	}
}
