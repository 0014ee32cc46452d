package tcp

import (
	"syscall"
	"time"

	"ringstack/stack/wire"
)

// sendSyn sends the SYN, or after a simultaneous open the SYN-ACK.
func (t *Transport) sendSyn(i uint32, c *conn) flushResult {
	h := wire.TCP{Seq: c.iss, Flags: wire.SYN, Window: uint16(min(c.rcvBuf, maxWindow))}
	o := wire.TCPOptions{
		MSS: announcedMSS(&c.Route), HasWScale: true, WScale: c.rcvWScale, SACKPermitted: !t.cfg.NoSACK,
		HasTS: true, TSVal: t.tsClock(c),
	}
	if !t.cfg.NoECN && c.synTries == 0 {
		h.Flags |= wire.ECE | wire.CWR // a repeated SYN goes without: RFC 3168 section 6.1.1.1
	}
	if c.state == SynRcvd {
		h.Flags, h.Ack = wire.SYN|wire.ACK, c.rcvNxt
		o.HasWScale = c.rcvWScale != 0 || c.sndWScale != 0
		o.SACKPermitted = c.has(useSACK)
		o.HasTS, o.TSEcr = c.has(useTS), c.tsRecent
	}
	if !t.put(&c.flow, &h, &o, 0) {
		t.starve(c)
		return noBuffer
	}
	t.stats[SndCtrl]++
	c.clear(synDue | ackNow | ackDelayed | starved)
	c.synTries++
	c.sndNxt = c.iss + 1
	c.lastSend = t.now
	c.rtxKind, c.rtxAt = timerRexmt, t.now+t.backedOff(c)
	t.schedule(i, c)
	return flushed
}

// synSentInput is RFC 9293 section 3.10.7.3.
func (t *Transport) synSentInput(i uint32, c *conn, s *segment) {
	acked := s.has(wire.ACK)
	if acked && (c.synTries == 0 || s.ack != c.iss+1) {
		if !s.has(wire.RST) {
			t.resetFor(&c.flow, s)
		}
		return
	}
	if s.has(wire.RST) {
		if acked {
			t.drop(i, c, syscall.ECONNREFUSED)
		}
		return
	}
	if !s.has(wire.SYN) {
		return
	}
	t.takeSyn(c, s)
	if !acked {
		c.state = SynRcvd
		c.set(synDue)
		t.mark(i, c)
		return
	}
	if c.has(useTS) && s.opts.TSEcr == 0 {
		c.clear(useTS)
	}
	if s.has(wire.ECE) && !s.has(wire.CWR) && !t.cfg.NoECN {
		c.set(useECN)
		t.stats[ECNHandshake]++
	}
	t.opened(c)
	c.sndWL1, c.sndWL2 = s.seq, s.ack
	c.set(ackNow)
	s.seq++
	t.streamInput(i, c, s, newsConnected)
}

// takeSyn notes the peer's sequence number and options.
func (t *Transport) takeSyn(c *conn, s *segment) {
	c.lastRecv = t.now
	c.irs = s.seq
	c.rcvNxt = s.seq + 1
	c.rcvAcked = c.rcvNxt
	c.rcvAdv = c.rcvNxt + min(c.rcvBuf, maxWindow)
	c.sndWnd = s.wnd
	c.maxSndWnd = s.wnd
	if s.opts.MSS != 0 {
		c.peerMSS = s.opts.MSS
	}
	if s.opts.HasWScale {
		c.sndWScale = s.opts.WScale
	} else {
		c.rcvWScale = 0
	}
	if s.opts.SACKPermitted && !t.cfg.NoSACK {
		c.set(useSACK)
	}
	if s.opts.HasTS {
		c.set(useTS)
		c.tsRecent = s.opts.TSVal
	}
}

// opened moves to ESTABLISHED once our SYN is acknowledged.
func (t *Transport) opened(c *conn) {
	c.state = Established
	c.sndUna = c.iss + 1
	c.sndNxt = c.sndUna
	c.sndSml = c.sndUna
	c.rec.point = c.iss
	c.rec.ecnPoint = c.sndUna
	c.rack.fack, c.rack.end, c.rack.dsackRound = c.sndUna, c.sndUna, c.sndUna
	c.sndQ.SetPos(c.sndUna)
	c.rcvQ.SetPos(c.rcvNxt)
	c.rcvSpace, c.rcvRound = c.rcvNxt, t.now
	c.backoff = 0
	c.rtxKind, c.rtxAt = timerNone, 0
	c.setMSS()
	c.mtuAt = t.now + mtuCheck
	c.rcvMSS = min(c.mss, 536)
	c.cwnd = initialWindow(uint32(c.mss))
	if c.has(keepAlive) {
		c.setLife(timerKeep, t.now+c.keepIdle)
	}
	switch {
	case c.synTries == 1:
		t.rttSample(c, t.now-c.lastSend)
	case c.synTries > 1:
		c.cwnd = uint32(c.mss)  // RFC 5681 section 3.1
		c.rto = 3 * time.Second // RFC 6298 section 5.7
		t.sampleAck(c, -1)      // a timestamp tells which SYN is acknowledged: then the timeout is known
	}
}
