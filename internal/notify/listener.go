package notify

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Listener is a manager's ear for one process.
type Listener struct {
	conn     *net.UnixConn
	watchdog time.Duration
}

// Heard is what a process has told since the last time.
type Heard struct{ Ready, Alive bool }

const maxNotice = 4096

// Listen opens the socket at path, which only this user may send to, and which nobody else uses: what
// is there is removed. The process is asked for signs of life in intervals of watchdog; 0: for none.
func Listen(path string, watchdog time.Duration) (*Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		conn.Close()
		return nil, err
	}
	return &Listener{conn, watchdog}, nil
}

// Env returns what the environment of the process needs.
func (l *Listener) Env() []string {
	env := []string{socketEnv + "=" + l.conn.LocalAddr().String()}
	if l.watchdog > 0 {
		env = append(env, watchdogEnv+"="+strconv.FormatInt(l.watchdog.Microseconds(), 10))
	}
	return env
}

// Next waits for the next notice, until deadline if that is not zero. The error is
// os.ErrDeadlineExceeded or, after Close, net.ErrClosed.
func (l *Listener) Next(deadline time.Time) (h Heard, err error) {
	if err := l.conn.SetReadDeadline(deadline); err != nil {
		return h, err
	}
	notice := make([]byte, maxNotice)
	n, err := l.conn.Read(notice)
	for state := range strings.SplitSeq(string(notice[:n]), "\n") {
		switch state {
		case Ready:
			h.Ready = true
		case alive:
			h.Alive = true
		}
	}
	return h, err
}

// Close removes the socket.
func (l *Listener) Close() error {
	return errors.Join(l.conn.Close(), os.Remove(l.conn.LocalAddr().String()))
}
