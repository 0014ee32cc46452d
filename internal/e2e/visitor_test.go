package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/internal/testenv"
)

// visitor opens connections one after another.
type visitor struct {
	*load
	requests int          // on a connection
	latest   atomic.Int64 // time of an answer or a failure, since the load's start
}

// failure is a connection that ended before its visitor wanted it to.
type failure struct {
	port      int // the visitor's
	begun, at time.Time
	proc      int // that the answers named, -1 when there was none
	answers   int
	err       error
}

func (f failure) String() string {
	return fmt.Sprintf("port %d, open for %v, %d answers of proc %d: %v", f.port, f.at.Sub(f.begun), f.answers, f.proc, f.err)
}

func (v *visitor) run() {
	v.e.In(func() error {
		for !v.stopping.Load() {
			v.visit()
		}
		return nil
	})
}

// visit enters how it fails.
func (v *visitor) visit() {
	f := failure{begun: time.Now(), proc: -1}
	if f.err = v.exchange(&f); f.err == nil {
		return
	}
	f.at = time.Now()
	v.load.mu.Lock()
	v.failures = append(v.failures, f)
	v.load.mu.Unlock()
	v.latest.Store(int64(time.Since(v.start)))
}

// asking finds out soon that a secondary has died which had acknowledged a request: nothing else tells a peer that only waits.
var asking = net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 100}

// exchange makes the requests of one connection.
func (v *visitor) exchange(f *failure) error {
	dialer := net.Dialer{Timeout: v.within, Control: f.bind, KeepAliveConfig: asking}
	asked := f.begun // the first request includes the connect
	c, err := dialer.Dial("tcp4", net.JoinHostPort(testenv.Stack4, strconv.Itoa(v.port)))
	if err != nil {
		return err
	}
	defer c.Close()
	v.connections.Add(1)
	in := bufio.NewReader(c)
	for f.answers < v.requests && !v.stopping.Load() {
		c.SetDeadline(time.Now().Add(v.within))
		proc, err := v.ask(c, in)
		if err != nil {
			return err
		}
		if f.answers > 0 && proc != f.proc {
			return fmt.Errorf("proc %d answers on a connection of proc %d", proc, f.proc)
		}
		f.proc = proc
		f.answers++
		v.count(asked)
		v.latest.Store(int64(time.Since(v.start)))
		time.Sleep(v.pause)
		asked = time.Now()
	}
	return nil
}

// bind gives a socket its port before it connects: one that was accepted and reset at once would not tell.
func (f *failure) bind(_, _ string, raw syscall.RawConn) (err error) {
	failed := raw.Control(func(fd uintptr) {
		var local unix.Sockaddr
		if err = unix.Bind(int(fd), new(unix.SockaddrInet4)); err == nil {
			local, err = unix.Getsockname(int(fd))
		}
		if err == nil {
			f.port = local.(*unix.SockaddrInet4).Port
		}
	})
	return errors.Join(failed, err)
}
