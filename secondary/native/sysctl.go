package native

import (
	"maps"
	"slices"
	"strconv"
	"syscall"

	"ringstack/stack/tcp"
)

// settings are the sysctls that can be changed. A change holds for sockets made after it.
type settings struct {
	ttl        uint8
	sendSpace  int // bytes that a connection queues for sending at first
	recvSpace  int // bytes of its receive window at first
	recvFixed  bool
	congestion tcp.Congestion
}

const (
	defaultTTL = 64
	leastSpace = 4096
	maxSpace   = 4 << 20
)

var defaultSettings = settings{sendSpace: 256 << 10, recvSpace: 64 << 10}

// apply gives a connection what differs from the stack's own settings. A buffer size that was set does not grow.
func (s *settings) apply(t *tcp.Transport, id tcp.ID) {
	if s.ttl != 0 {
		t.SetTTL(id, s.ttl, 0)
	}
	send, receive := s.sendSpace, s.recvSpace
	if send == defaultSettings.sendSpace {
		send = 0
	}
	if receive == defaultSettings.recvSpace && !s.recvFixed {
		receive = 0
	}
	t.SetBuffers(id, send, receive)
	t.SetCongestion(id, s.congestion)
}

// sysctl is a value that control tools read and, where set is not nil, change.
type sysctl struct {
	get func() string
	set func(value string) bool // false: a bad value
}

func (h *host) newSysctls() map[string]sysctl {
	s := &h.settings
	s.ttl = defaultTTL
	table := map[string]sysctl{
		"net.inet.ip.ttl":           number(func() int { return int(s.ttl) }, h.setTTL, 1, 255),
		"net.inet.tcp.cc.algorithm": h.congestion(),
		"net.inet.tcp.delayed_ack":  toggle(h.tcp.DelayedAck, h.tcp.SetDelayedAck),
		"net.inet.tcp.recvbuf_auto": number(func() int { return 1 - toInt(s.recvFixed) }, func(v int) { s.recvFixed = v == 0 }, 0, 1),
		"net.inet.tcp.recvspace":    number(func() int { return s.recvSpace }, func(v int) { s.recvSpace = v }, leastSpace, maxSpace),
		"net.inet.tcp.sack.enable":  toggle(h.tcp.SACK, h.tcp.SetSACK),
		"net.inet.tcp.sendspace":    number(func() int { return s.sendSpace }, func(v int) { s.sendSpace = v }, leastSpace, maxSpace),
	}
	maps.Copy(table, h.counters())
	return table
}

// Sysctls implements engine.Engine.
func (h *host) Sysctls() []string { return slices.Sorted(maps.Keys(h.sysctls)) }

// SysctlGet implements engine.Engine.
func (h *host) SysctlGet(name string) (string, error) {
	s, ok := h.sysctls[name]
	if !ok {
		return "", syscall.ENOENT
	}
	return s.get(), nil
}

// SysctlSet implements engine.Engine.
func (h *host) SysctlSet(name, value string) error {
	s, ok := h.sysctls[name]
	switch {
	case !ok:
		return syscall.ENOENT
	case s.set == nil:
		return syscall.EPERM
	case !s.set(value):
		return syscall.EINVAL
	}
	return nil
}

// toggle is on (1) or off (0).
func toggle(get func() bool, set func(on bool)) sysctl {
	return number(func() int { return toInt(get()) }, func(v int) { set(v == 1) }, 0, 1)
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// number is a whole number from least to most.
func number(get func() int, set func(int), least, most int) sysctl {
	return sysctl{
		get: func() string { return strconv.Itoa(get()) },
		set: func(value string) bool {
			v, err := strconv.Atoi(value)
			if err != nil || v < least || v > most {
				return false
			}
			set(v)
			return true
		},
	}
}

// congestionNames are FreeBSD's.
var congestionNames = []string{tcp.Cubic: "cubic", tcp.NewReno: "newreno"}

func (h *host) congestion() sysctl {
	return sysctl{
		get: func() string { return congestionNames[h.settings.congestion] },
		set: func(value string) bool {
			i := slices.Index(congestionNames, value)
			if i >= 0 {
				h.settings.congestion = tcp.Congestion(i)
			}
			return i >= 0
		},
	}
}

// setTTL sets the TTL of all that has not set its own.
func (h *host) setTTL(ttl int) {
	h.settings.ttl = uint8(ttl)
	h.stack.SetTTL(h.settings.ttl)
}
