package tcp

import (
	"time"

	"ringstack/stack/wire"
)

// rateLimit allows rate events in each second.
type rateLimit struct {
	rate  int
	used  int
	start time.Duration
}

func (r *rateLimit) allow(now time.Duration) bool {
	if now-r.start >= time.Second {
		r.start, r.used = now, 0
	}
	r.used++
	return r.used <= r.rate
}

// challengeState limits one connection's challenge acknowledgements. A limit shared by connections would tell an attacker on one of
// them about the others.
type challengeState struct {
	start time.Duration
	used  uint8
}

const (
	challengePeriod = 5 * time.Second
	challengeLimit  = 10 // RFC 5961 section 7
)

// challengeAck answers a segment that may be forged: a true peer whose state differs replies with an exact reset (RFC 5961).
func (t *Transport) challengeAck(c *conn) {
	ch := &c.challenge
	if t.now-ch.start >= challengePeriod || ch.used == 0 {
		ch.start, ch.used = t.now, 0
	}
	if ch.used >= challengeLimit {
		t.stats[ChallengeLimited]++
		return
	}
	ch.used++
	t.stats[ChallengeAcks]++
	t.sendAck(c)
}

// resetFor answers a segment with a reset that the sender will accept (RFC 9293 section 3.5.2).
func (t *Transport) resetFor(f *flow, s *segment) {
	if !t.resets.allow(t.now) {
		t.stats[RSTLimited]++
		return
	}
	h := wire.TCP{Seq: s.ack, Flags: wire.RST}
	if !s.has(wire.ACK) {
		h = wire.TCP{Ack: s.end, Flags: wire.RST | wire.ACK}
	}
	if t.control(f, &h, nil, 0) {
		t.stats[SndRST]++
	}
}

// resetStranger resets the sender of a segment that belongs to no connection.
func (t *Transport) resetStranger(p *Packet, s *segment) {
	if route, ok := t.net.Route(p.Local, p.Remote); ok {
		t.resetFor(t.newFlow(&route, s), s)
	}
}
