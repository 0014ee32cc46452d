package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/internal/testenv"
)

// answerWithin is how long an answer may take before the request has failed. It is above the
// time of a SYN that is lost twice, with the process that it was sent to.
const answerWithin = 4 * time.Second

// load is HTTP traffic from a test's namespace: visitors that keep their connections, and visitors
// that open one for each request.
type load struct {
	e        *testenv.Env
	start    time.Time
	visitors sync.WaitGroup
	stopping atomic.Bool

	requests, connections atomic.Int64 // answered; made
	latest                atomic.Int64 // answer, since start
	gap, slowest          atomic.Int64 // longest time without an answer to anybody; of one request
	mu                    sync.Mutex
	failures              []failure
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

// newLoad starts visitors, which go on until stop or the test's end.
func newLoad(t testing.TB, e *testenv.Env, keeping, passing int) *load {
	l := &load{e: e, start: time.Now()}
	l.visitors.Add(keeping + passing)
	for range keeping {
		go l.visitor(1<<30, 3*time.Millisecond)
	}
	for range passing {
		go l.visitor(1, 4*time.Millisecond)
	}
	t.Cleanup(l.stop)
	return l
}

// stop ends the traffic; requests that are under way are still answered.
func (l *load) stop() {
	l.stopping.Store(true)
	l.visitors.Wait()
}

// failed returns the connections that have failed so far.
func (l *load) failed() []failure {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failures
}

// visitor opens connections one after another and makes n requests on each, with a pause after each.
func (l *load) visitor(n int, pause time.Duration) {
	defer l.visitors.Done()
	l.e.In(func() error {
		for !l.stopping.Load() {
			l.visit(n, pause)
		}
		return nil
	})
}

func (l *load) visit(n int, pause time.Duration) {
	f := failure{begun: time.Now(), proc: -1}
	defer func() {
		if f.err != nil {
			f.at = time.Now()
			l.mu.Lock()
			l.failures = append(l.failures, f)
			l.mu.Unlock()
		}
	}()
	asked := f.begun // the first request includes the connect
	var c net.Conn
	dialer := net.Dialer{Timeout: answerWithin, Control: f.bind}
	if c, f.err = dialer.Dial("tcp4", testenv.Stack4+":80"); f.err != nil {
		return
	}
	defer c.Close()
	l.connections.Add(1)
	in := bufio.NewReader(c)
	for f.answers < n && !l.stopping.Load() {
		var proc int
		if proc, f.err = ask(c, in); f.err != nil {
			return
		}
		if f.answers > 0 && proc != f.proc {
			f.err = fmt.Errorf("proc %d answers on a connection of proc %d", proc, f.proc)
			return
		}
		f.proc = proc
		f.answers++
		l.count(asked)
		time.Sleep(pause)
		asked = time.Now()
	}
}

// ask makes one request to an httpd and returns the proc id that the answer names.
func ask(c net.Conn, in *bufio.Reader) (proc int, err error) {
	c.SetDeadline(time.Now().Add(answerWithin))
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: stack\r\n\r\n"); err != nil {
		return -1, err
	}
	reply, err := http.ReadResponse(in, nil)
	if err != nil {
		return -1, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		return -1, err
	}
	_, err = fmt.Sscanf(string(body), "hello from proc %d\n", &proc)
	return proc, err
}

// count enters an answer to what was asked at a time.
func (l *load) count(asked time.Time) {
	now := time.Since(l.start)
	l.requests.Add(1)
	raise(&l.slowest, int64(now-asked.Sub(l.start)))
	raise(&l.gap, int64(now)-l.latest.Swap(int64(now)))
}

func raise(highest *atomic.Int64, v int64) {
	for old := highest.Load(); v > old && !highest.CompareAndSwap(old, v); old = highest.Load() {
	}
}

// wantMore waits until n more requests have been answered.
func (l *load) wantMore(t testing.TB, n int64) {
	t.Helper()
	want := l.requests.Load() + n
	testenv.Eventually(t, answerWithin, "requests are answered", func() bool { return l.requests.Load() >= want })
}

// wantNoFailure fails the test when a request has failed.
func (l *load) wantNoFailure(t testing.TB) {
	t.Helper()
	for _, f := range l.failed() {
		t.Errorf("a good secondary's traffic failed: %v", f)
	}
}
