// Package notify tells the service manager that has started this process how it fares, with the
// protocol of systemd's sd_notify(3); a manager of one's own hears it with a Listener.
package notify

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// What there is to tell.
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	alive    = "WATCHDOG=1"
)

// The environment that a manager gives.
const (
	socketEnv      = "NOTIFY_SOCKET"
	watchdogEnv    = "WATCHDOG_USEC"
	watchdogPIDEnv = "WATCHDOG_PID"
)

// Manager is the service manager, or nobody.
type Manager struct {
	conn     *net.UnixConn // nil: nobody wants to know
	watchdog time.Duration // how often the manager wants a sign of life; 0: never
}

// Open finds the manager in the environment, and takes it out there: what this process starts does
// not speak for it. Without a manager, all that is sent goes nowhere.
func Open() (*Manager, error) {
	socket, usec, pid := os.Getenv(socketEnv), os.Getenv(watchdogEnv), os.Getenv(watchdogPIDEnv)
	for _, name := range []string{socketEnv, watchdogEnv, watchdogPIDEnv} {
		os.Unsetenv(name) // fails only for impossible names
	}
	if socket == "" {
		return new(Manager), nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", socketEnv, err)
	}
	m := &Manager{conn: conn}
	if usec != "" && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		n, err := strconv.ParseInt(usec, 10, 64)
		if err != nil || n <= 0 || n > int64(time.Duration(1<<63-1)/time.Microsecond) {
			conn.Close()
			return nil, fmt.Errorf("%s=%s: want microseconds", watchdogEnv, usec)
		}
		m.watchdog = time.Duration(n) * time.Microsecond
	}
	return m, nil
}

// IsThere reports whether there is a manager that hears. One that has ended does not.
func (m *Manager) IsThere() bool { return m.conn != nil && m.Send(alive) == nil }

// Send tells the manager what has changed. A manager that hears nothing stops nobody: the error is
// for a log.
func (m *Manager) Send(states ...string) error {
	if m.conn == nil {
		return nil
	}
	_, err := m.conn.Write([]byte(strings.Join(states, "\n")))
	return err
}

// KeepAlive gives the signs of life that the manager wants, as long as isAlive returns true, until ctx
// is done. isAlive may take its time; one that hangs means that there is no sign.
func (m *Manager) KeepAlive(ctx context.Context, isAlive func() bool) {
	if m.conn == nil || m.watchdog == 0 {
		return
	}
	tick := time.NewTicker(m.watchdog / 3)
	defer tick.Stop()
	for isAlive() {
		m.Send(alive) // the next may come through
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Close ends the connection to the manager.
func (m *Manager) Close() error {
	if m.conn == nil {
		return nil
	}
	return m.conn.Close()
}
