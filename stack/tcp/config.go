package tcp

import (
	"fmt"
	"time"
)

// Config sets limits and habits. The zero value of every field means the default that it names.
type Config struct {
	Seed [32]byte // secret of this engine; must be random in production

	MaxConns    int // connections: 65536
	MaxHalfOpen int // half-open passive connections: 4096; SYN cookies beyond
	MaxTimeWait int // TIME-WAIT blocks: 65536; the oldest goes when full
	Memory      int // bytes of send and receive buffers together: 256 MB

	SendBuf, MaxSendBuf int // bytes a connection may queue at first, and after it has grown: 256 KB, 4 MB
	RecvBuf, MaxRecvBuf int // receive window at first, and after it has grown: 64 KB, 4 MB

	PortFirst, PortLast uint16 // range for Connect without a local port: 49152-65535

	MSL           time.Duration // half of TIME-WAIT: 30 s
	RTOInitial    time.Duration // before the first sample: 1 s (RFC 6298 section 2)
	RTOMin        time.Duration // 200 ms
	RTOMax        time.Duration // 60 s
	DelayedAck    time.Duration // 40 ms; at most 500 ms (RFC 1122 section 4.2.3.2)
	FinWait2      time.Duration // wait for the peer's FIN after Close: 60 s
	SynRetries    int           // retransmissions of a SYN: 6
	SynAckRetries int           // retransmissions of a SYN-ACK: 4
	Retries       int           // retransmissions of data before ETIMEDOUT: 15
	KeepIdle      time.Duration // keep-alive: 2 h idle, then
	KeepIntvl     time.Duration // a probe each 75 s,
	KeepCount     int           // 8 times

	Congestion Congestion // Cubic
	NoECN      bool       // do not ask for or accept ECN (RFC 3168)
	NoSACK     bool       // do not ask for or accept SACK (RFC 2018)
	NoDelayAck bool       // acknowledge in each turn of the loop in which data came
	Cookies    CookiePolicy
	Blackhole  bool // answer segments for closed ports with silence
	RSTRate    int  // resets per second for segments that match nothing: 1000
}

// Congestion selects a congestion controller.
type Congestion uint8

const (
	Cubic   Congestion = iota // RFC 9438
	NewReno                   // RFC 5681, RFC 6582
)

// CookiePolicy says when a listener answers with SYN cookies (RFC 4987 section 3.6).
type CookiePolicy uint8

const (
	CookiesUnderPressure CookiePolicy = iota
	CookiesAlways
	CookiesNever
)

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (c *Config) setDefaults() {
	orDefault(&c.MaxConns, 65536)
	orDefault(&c.MaxHalfOpen, 4096)
	orDefault(&c.MaxTimeWait, 65536)
	orDefault(&c.Memory, 256<<20)
	orDefault(&c.SendBuf, 256<<10)
	orDefault(&c.MaxSendBuf, max(4<<20, c.SendBuf))
	orDefault(&c.RecvBuf, 64<<10)
	orDefault(&c.MaxRecvBuf, max(4<<20, c.RecvBuf))
	orDefault(&c.PortFirst, 49152)
	orDefault(&c.PortLast, 65535)
	orDefault(&c.MSL, 30*time.Second)
	orDefault(&c.RTOInitial, time.Second)
	orDefault(&c.RTOMin, 200*time.Millisecond)
	orDefault(&c.RTOMax, 60*time.Second)
	orDefault(&c.DelayedAck, 40*time.Millisecond)
	orDefault(&c.FinWait2, 60*time.Second)
	orDefault(&c.SynRetries, 6)
	orDefault(&c.SynAckRetries, 4)
	orDefault(&c.Retries, 15)
	orDefault(&c.KeepIdle, 2*time.Hour)
	orDefault(&c.KeepIntvl, 75*time.Second)
	orDefault(&c.KeepCount, 8)
	orDefault(&c.RSTRate, 1000)
}

const maxBuf = 1 << 29 // windows stay below 2^30 (RFC 7323 section 2.3)

func (c *Config) validate() error {
	for _, f := range []struct {
		name        string
		value, most int
	}{
		{"MaxConns", c.MaxConns, refIndex},
		{"MaxHalfOpen", c.MaxHalfOpen, refIndex},
		{"MaxTimeWait", c.MaxTimeWait, refIndex},
		{"SendBuf", c.SendBuf, c.MaxSendBuf},
		{"RecvBuf", c.RecvBuf, c.MaxRecvBuf},
		{"MaxSendBuf", c.MaxSendBuf, maxBuf},
		{"MaxRecvBuf", c.MaxRecvBuf, maxBuf},
		{"DelayedAck", int(c.DelayedAck), int(500 * time.Millisecond)},
		{"PortFirst", int(c.PortFirst), int(c.PortLast)},
		{"Congestion", int(c.Congestion) + 1, int(NewReno) + 1},
	} {
		if f.value < 1 || f.value > f.most {
			return fmt.Errorf("validate tcp config: %s is %d, allowed are 1 to %d", f.name, f.value, f.most)
		}
	}
	return nil
}
