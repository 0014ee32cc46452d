package e2e

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ringstack/internal/e2e/parcel"
	"ringstack/internal/testenv"
)

// answerWithin is how long an answer may take before the request has failed. It is above the
// time of a SYN that is lost twice, with the process that it was sent to.
const answerWithin = 4 * time.Second

// load is traffic from a test's namespace: visitors that keep their connections, and visitors
// that open one for each request.
type load struct {
	errand
	e        *testenv.Env
	start    time.Time
	visitors []*visitor
	visiting sync.WaitGroup
	stopping atomic.Bool

	requests, connections atomic.Int64 // answered; made
	latest                atomic.Int64 // answer, since start
	gap, slowest          atomic.Int64 // longest time without an answer to anybody; of one request
	mu                    sync.Mutex
	failures              []failure
	judged                int // of the failures
}

// errand is what visitors come for.
type errand struct {
	port   int
	within time.Duration // of each request
	pause  time.Duration // after each
	// ask makes a request and returns the proc id that the answer names, if it does.
	ask func(c net.Conn, in *bufio.Reader) (proc int, err error)
}

// newLoad starts visitors of httpds, which go on until stop or the test's end.
func newLoad(t testing.TB, e *testenv.Env, keeping, passing int) *load {
	return startLoad(t, e, errand{80, answerWithin, 3 * time.Millisecond, askPage}, keeping, passing)
}

func startLoad(t testing.TB, e *testenv.Env, what errand, keeping, passing int) *load {
	l := &load{errand: what, e: e, start: time.Now()}
	for range keeping {
		l.visitors = append(l.visitors, &visitor{load: l, requests: 1 << 30})
	}
	for range passing {
		l.visitors = append(l.visitors, &visitor{load: l, requests: 1})
	}
	for _, v := range l.visitors {
		l.visiting.Go(v.run)
	}
	t.Cleanup(l.stop)
	return l
}

// stop ends the traffic; requests that are under way are still answered.
func (l *load) stop() {
	l.stopping.Store(true)
	l.visiting.Wait()
}

// failed returns the connections that have failed so far.
func (l *load) failed() []failure {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failures
}

// askPage makes a request to an httpd.
func askPage(c net.Conn, in *bufio.Reader) (proc int, err error) {
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

// askParcel has a courier send a small parcel.
func askParcel(c net.Conn, in *bufio.Reader) (proc int, err error) {
	seed, size := rand.Uint64(), rand.Int64N(20_000)
	if _, err := fmt.Fprintf(c, "get %d %d\n", seed, size); err != nil {
		return 0, err
	}
	_, err = io.CopyN(parcel.New(seed, size), in, size)
	return 0, err
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
