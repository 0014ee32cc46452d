package tcp

import (
	"time"

	"ringstack/stack/wire"
)

// handshake is what a passive connection needs to know of its SYN exchange.
type handshake struct {
	irs, iss        uint32
	tsRecent, tsOff uint32
	flags           connFlags // useTS, useSACK, useECN
	mss             uint16
	wnd             uint16
	sndWScale       uint8
	hasWScale       bool
	tries           uint8
}

// halfOpen is a passive connection whose SYN-ACK is not acknowledged yet (a SYN cache entry).
type halfOpen struct {
	flow
	handshake
	hash     uint32
	listener ID
	at       time.Duration // first SYN-ACK
}

// synInput answers a SYN for a listener: with a half-open connection, with a cookie, or not at all (RFC 4987). floor, if not 0, is
// below the first sequence number that may be used.
func (t *Transport) synInput(p *Packet, id ID, s *segment, hash, floor uint32) {
	l := t.listener(id)
	if l.full() {
		t.stats[ListenDrop]++
		return
	}
	route, ok := t.net.Route(p.Local, p.Remote)
	if !ok {
		t.stats[SCDropped]++
		return
	}
	f := t.newFlow(&route, s)
	hs := t.readSyn(f, s)
	crowded := l.halfOpen >= l.HalfOpen || t.halfOpen.used >= t.halfOpen.limit
	if t.cfg.Cookies == CookiesAlways || crowded && t.cfg.Cookies != CookiesNever {
		t.sendCookie(f, &hs, hash)
		return
	}
	if crowded {
		t.stats[SCDropped]++
		return
	}
	hs.iss = t.newISN(f, floor)
	j := t.halfOpen.alloc()
	h := t.halfOpen.at(j)
	*h = halfOpen{flow: *f, handshake: hs, hash: hash, listener: id, at: t.now}
	l.halfOpen++
	t.stats[SCAdded]++
	t.table.insert(hash, refHalfOpen|ref(j))
	t.sendSynAck(&h.flow, &h.handshake)
	t.synWheel.Set(j, t.now+t.cfg.RTOInitial)
}

// readSyn takes from a SYN what the connection will need.
func (t *Transport) readSyn(f *flow, s *segment) handshake {
	hs := handshake{
		irs: s.seq, tsRecent: s.opts.TSVal, tsOff: t.tsOffset(f), mss: s.opts.MSS, wnd: uint16(s.wnd),
		hasWScale: s.opts.HasWScale, sndWScale: s.opts.WScale,
	}
	if hs.mss == 0 {
		hs.mss = defaultMSS(&f.Route)
	}
	if s.opts.HasTS {
		hs.flags |= useTS
	}
	if s.opts.SACKPermitted && !t.cfg.NoSACK {
		hs.flags |= useSACK
	}
	if s.flags&(wire.ECE|wire.CWR) == wire.ECE|wire.CWR && !t.cfg.NoECN {
		hs.flags |= useECN
	}
	return hs
}

func (t *Transport) sendSynAck(f *flow, hs *handshake) {
	h := wire.TCP{Seq: hs.iss, Ack: hs.irs + 1, Flags: wire.SYN | wire.ACK, Window: uint16(min(t.cfg.RecvBuf, maxWindow))}
	o := wire.TCPOptions{
		MSS: announcedMSS(&f.Route), HasWScale: hs.hasWScale, WScale: t.windowScale(), SACKPermitted: hs.flags&useSACK != 0,
		HasTS: hs.flags&useTS != 0, TSVal: t.clock() + hs.tsOff, TSEcr: hs.tsRecent,
	}
	if hs.flags&useECN != 0 && hs.tries == 0 {
		h.Flags |= wire.ECE
	}
	if t.control(f, &h, &o, 0) {
		t.stats[SndCtrl]++
	}
}

func (t *Transport) synAckTimeout(j uint32, h *halfOpen) {
	if int(h.tries) >= t.cfg.SynAckRetries || t.listener(h.listener) == nil {
		t.stats[SCStale]++
		t.freeHalfOpen(j, h)
		return
	}
	h.tries++
	t.stats[SCRetransmitted]++
	t.sendSynAck(&h.flow, &h.handshake)
	t.synWheel.Set(j, t.now+t.cfg.RTOInitial<<h.tries)
}

func (t *Transport) freeHalfOpen(j uint32, h *halfOpen) {
	t.table.remove(h.hash, refHalfOpen|ref(j))
	t.synWheel.Cancel(j)
	if l := t.listener(h.listener); l != nil {
		l.halfOpen--
	}
	t.halfOpen.release(j)
}

// halfOpenInput handles a segment for a half-open connection (RFC 9293 section 3.10.7.4 in SYN-RECEIVED).
func (t *Transport) halfOpenInput(p *Packet, j uint32, s *segment) {
	h := t.halfOpen.at(j)
	wnd := t.halfOpenWindow(h) << t.halfOpenScale(h)
	off := s.seq - h.irs - 1
	switch {
	case s.has(wire.RST):
		t.halfOpenReset(j, h, off, wnd)
	case s.has(wire.SYN) && !s.has(wire.ACK) && s.seq == h.irs:
		t.stats[SCDupSyn]++
		if t.resets.allow(t.now) {
			t.sendSynAck(&h.flow, &h.handshake)
		}
	case s.has(wire.SYN) || off >= wnd || h.flags&useTS != 0 && s.opts.HasTS && before(s.opts.TSVal, h.tsRecent):
		t.stats[BadSyn]++
		if t.resets.allow(t.now) {
			t.halfOpenAck(h)
		}
	case h.flags&useTS != 0 && !s.opts.HasTS:
		t.stats[MissingTS]++ // RFC 7323 section 3.2
	case !s.has(wire.ACK):
		t.stats[RcvNoAck]++
	case s.ack != h.iss+1:
		t.stats[SCBadAck]++
		t.resetStranger(p, s)
	default:
		t.complete(j, h, s)
	}
}

// halfOpenReset handles a reset that lies off bytes into the window (RFC 5961 section 3).
func (t *Transport) halfOpenReset(j uint32, h *halfOpen, off, wnd uint32) {
	if off == 0 {
		t.stats[SCReset]++
		t.freeHalfOpen(j, h)
		return
	}
	t.stats[BadRST]++
	if off < wnd && t.resets.allow(t.now) {
		t.halfOpenAck(h)
	}
}

// halfOpenAck is the answer to what does not fit: <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>.
func (t *Transport) halfOpenAck(h *halfOpen) {
	w := wire.TCP{Seq: h.iss + 1, Ack: h.irs + 1, Flags: wire.ACK, Window: uint16(t.halfOpenWindow(h))}
	var o wire.TCPOptions
	if h.flags&useTS != 0 {
		o.HasTS, o.TSVal, o.TSEcr = true, t.clock()+h.tsOff, h.tsRecent
	}
	t.control(&h.flow, &w, &o, 0)
}

// halfOpenScale is the shift of windows: only that of a SYN is not scaled (RFC 7323 section 2.2).
func (t *Transport) halfOpenScale(h *halfOpen) uint8 {
	if h.hasWScale {
		return t.windowScale()
	}
	return 0
}

// halfOpenWindow is what the SYN-ACK has promised, in units of the scale.
func (t *Transport) halfOpenWindow(h *halfOpen) uint32 {
	shift := t.halfOpenScale(h)
	return (uint32(min(t.cfg.RecvBuf, maxWindow)) + 1<<shift - 1) >> shift
}
