package tcp

import (
	"time"
)

// SYN cookies (RFC 4987 section 3.6): under pressure the SYN-ACK's sequence number carries what a half-open connection would have
// kept, under a keyed hash of the flow, the peer's sequence number and the time.
//
//	| 24 bits of hash | MSS 3 | SACK 1 | window scale 4 |
//
// Timestamps need no bit: the peer's acknowledgement shows them. ECN is lost.

// cookieLife is the period after which the hash changes; a cookie is good in its own and the next.
const cookieLife = 32 * time.Second

const cookieNoWScale = 15

var cookieMSS = [8]uint16{216, 536, 1200, 1220, 1360, 1440, 1460, 8960}

// cookieState remembers when the last cookie was sent and, by flow hash, to whom the latest went.
type cookieState struct {
	until time.Duration
	sent  [1024]uint32
}

func (t *Transport) cookieHash(f *flow, irs, epoch, bits uint32) uint32 {
	flow := hashFlow(t.secrets.cookie, &f.Local, &f.Remote, f.localPort, f.remotePort)
	return uint32(t.secrets.cookie.Words2(flow, uint64(irs)<<32|uint64(epoch<<8|bits)))<<8 | bits
}

// sendCookie answers a SYN without keeping anything.
func (t *Transport) sendCookie(f *flow, hs *handshake, hash uint32) {
	bits := uint32(cookieNoWScale)
	if hs.hasWScale {
		bits = uint32(hs.sndWScale)
	}
	if hs.flags&useSACK != 0 {
		bits |= 1 << 4
	}
	m := 0
	for m < len(cookieMSS)-1 && cookieMSS[m+1] <= hs.mss {
		m++
	}
	bits |= uint32(m) << 5
	hs.flags &^= useECN
	hs.iss = t.cookieHash(f, hs.irs, uint32(t.now/cookieLife), bits)
	t.cookies.until = t.now + 2*cookieLife
	t.cookies.sent[hash%uint32(len(t.cookies.sent))] = hash
	t.stats[SCSendCookie]++
	t.sendSynAck(f, hs)
}

// cookieInput makes a connection of an acknowledgement with a good cookie; false when the segment deserves a reset. Cookies are looked at only
// for a while after one was sent.
func (t *Transport) cookieInput(p *Packet, id ID, s *segment, hash uint32) bool {
	if t.now >= t.cookies.until {
		return false
	}
	route, ok := t.net.Route(p.Local, p.Remote)
	if !ok {
		return false
	}
	f := flow{Route: route, localPort: s.dstPort, remotePort: s.srcPort}
	cookie, irs := s.ack-1, s.seq-1
	epoch := uint32(t.now / cookieLife)
	bits := cookie & 0xff
	if t.cookieHash(&f, irs, epoch, bits) != cookie && t.cookieHash(&f, irs, epoch-1, bits) != cookie {
		t.stats[SCBadCookie]++
		// From a flow that was just given a cookie it may have overtaken the segment that brings the cookie back, which its sender will repeat.
		return t.cookies.sent[hash%uint32(len(t.cookies.sent))] == hash
	}
	t.stats[SCRecvCookie]++
	if t.listener(id).full() || t.conns.used >= t.conns.limit {
		t.stats[ListenDrop]++
		return true
	}
	hs := readCookie(bits, s)
	hs.irs, hs.iss, hs.tsOff = irs, cookie, t.tsOffset(&f)
	t.accept(id, &f, &hs, hash, 0, s)
	return true
}

func readCookie(bits uint32, s *segment) handshake {
	hs := handshake{mss: cookieMSS[bits>>5], tsRecent: s.opts.TSVal, wnd: uint16(s.wnd)}
	if w := bits & 15; w != cookieNoWScale {
		hs.hasWScale, hs.sndWScale = true, uint8(w)
	}
	if bits&(1<<4) != 0 {
		hs.flags |= useSACK
	}
	if s.opts.HasTS {
		hs.flags |= useTS
	}
	return hs
}
