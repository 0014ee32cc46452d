package tcp

import (
	"syscall"
	"time"
)

// KeepAlive configures keep-alive probes (RFC 9293 section 3.8.4). Zero fields keep their value.
type KeepAlive struct {
	Enable      bool
	Idle, Intvl time.Duration
	Count       int // at most 255
}

// SetNoDelay switches Nagle's algorithm off or on.
func (t *Transport) SetNoDelay(id ID, on bool) {
	if i, c := t.conn(id); c != nil {
		c.clear(noDelay)
		if on {
			c.set(noDelay)
			if c.unsent() {
				t.mark(i, c)
			}
		}
	}
}

// SetKeepAlive configures keep-alive probes.
func (t *Transport) SetKeepAlive(id ID, k KeepAlive) {
	i, c := t.conn(id)
	if c == nil {
		return
	}
	if k.Idle > 0 {
		c.keepIdle = k.Idle
	}
	if k.Intvl > 0 {
		c.keepIntvl = k.Intvl
	}
	if k.Count > 0 {
		c.keepCount = uint8(min(k.Count, 255))
	}
	c.clear(keepAlive)
	if k.Enable {
		c.set(keepAlive)
		t.startKeepAlive(i, c)
	}
}

// SetUserTimeout limits how long sent data may stay without acknowledgement before the connection ends with ETIMEDOUT (RFC 5482); 0: the
// default, Config.Retries.
func (t *Transport) SetUserTimeout(id ID, d time.Duration) {
	if _, c := t.conn(id); c != nil {
		c.userTO = max(d, 0)
	}
}

// SetLinger says what Close does: negative (default): send what is queued without limit; 0: reset; else reset after that time.
func (t *Transport) SetLinger(id ID, d time.Duration) {
	if _, c := t.conn(id); c != nil {
		c.linger = d
	}
}

// SetBuffers fixes buffer sizes in bytes, ending their growth; 0 leaves one as it is. They are cut to the configured maximum.
func (t *Transport) SetBuffers(id ID, send, receive int) {
	_, c := t.conn(id)
	if c == nil {
		return
	}
	if send > 0 {
		c.sndBuf = uint32(min(send, t.cfg.MaxSendBuf))
		c.set(fixedSndBuf)
	}
	if receive > 0 {
		c.rcvBuf = uint32(min(receive, t.cfg.MaxRecvBuf))
		c.set(fixedRcvBuf)
	}
}

// SetCongestion selects the congestion controller. Error: EINVAL.
func (t *Transport) SetCongestion(id ID, cc Congestion) syscall.Errno {
	if int(cc) >= len(controllers) {
		return syscall.EINVAL
	}
	if _, c := t.conn(id); c != nil && c.controller != cc {
		c.controller = cc
		c.cubic, c.ccBytes = cubicState{}, 0
	}
	return 0
}

// SetTTL sets the TTL or hop limit and the traffic class of what the connection sends; 0 means the IP layer's default.
func (t *Transport) SetTTL(id ID, ttl, tos uint8) {
	if _, c := t.conn(id); c != nil {
		c.TTL, c.TOS = ttl, tos
	}
}
