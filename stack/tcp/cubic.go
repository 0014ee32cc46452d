package tcp

import (
	"math"
	"time"
)

// cubic is the controller of RFC 9438. Windows are in segments, time in seconds.
type cubic struct{}

type cubicState struct {
	epoch  time.Duration // start of the present congestion avoidance stage; 0: none
	wMax   float32
	origin float32
	k      float32
	wEst   float32
	prior  float32 // window before the last reduction
	rest   float32 // growth less than a byte
}

const (
	cubicC     = 0.4
	cubicBeta  = 0.7
	cubicAlpha = 3 * (1 - cubicBeta) / (1 + cubicBeta) // section 4.3
)

// avoid follows sections 4.2 to 4.5.
func (cubic) avoid(t *Transport, c *conn, acked uint32) {
	s := &c.cubic
	mss := float32(c.mss)
	w := float32(c.cwnd) / mss
	if s.epoch == 0 {
		s.begin(w, t.now)
	}
	elapsed := float32((t.now - s.epoch).Seconds())
	alpha := float32(cubicAlpha)
	if s.wEst >= s.prior {
		alpha = 1
	}
	segments := float32(acked) / mss
	s.wEst += float32(alpha * float32(segments/w))
	target := s.window(elapsed + float32(c.srtt.Seconds()))
	target = min(max(target, w), float32(1.5*w))
	next := w + float32((target-w)/w)*segments
	if s.window(elapsed) < s.wEst {
		next = max(s.wEst, w) // as fast as Reno where that is faster
	}
	s.rest += float32((next - w) * mss)
	whole := uint32(s.rest)
	c.cwnd += whole
	s.rest -= float32(whole)
}

func (s *cubicState) begin(w float32, now time.Duration) {
	s.epoch = now
	s.wEst = w
	s.k, s.origin = 0, w
	if w < s.wMax {
		s.k = float32(math.Cbrt(float64(s.wMax-w) / cubicC))
		s.origin = s.wMax
	}
}

// window is W_cubic of section 4.2.
func (s *cubicState) window(elapsed float32) float32 {
	d := elapsed - s.k
	return float32(cubicC*d)*float32(d*d) + s.origin
}

// reduced is section 4.6, with the fast convergence of section 4.7.
func (cubic) reduced(c *conn, flight uint32) uint32 {
	s := &c.cubic
	w := float32(c.cwnd) / float32(c.mss)
	s.prior = w
	if w < s.wMax {
		s.wMax = w * (1 + cubicBeta) / 2
	} else {
		s.wMax = w
	}
	s.epoch, s.rest = 0, 0
	return uint32(float32(flight) * cubicBeta)
}

func (cubic) timeout(c *conn) { c.cubic.epoch, c.cubic.rest = 0, 0 }
func (cubic) idle(c *conn)    { c.cubic.epoch, c.cubic.rest = 0, 0 }
