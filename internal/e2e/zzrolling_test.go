package e2e

import (
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

func TestZZHandover(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	cur := e.Secondary(httpd)
	l := startLoad(t, e, errand{80, 15 * time.Second, 2 * time.Millisecond, askPage}, 0, 30)
	l.wantMore(t, 50)
	for i := range 16 {
		begun := time.Now()
		var next *testenv.Process
		if i%2 == 0 {
			next = e.Secondary(httpd)
			signal(t, cur, syscall.SIGTERM)
		} else {
			signal(t, cur, syscall.SIGTERM)
			next = e.Secondary(httpd)
		}
		<-cur.Exited()
		if err := cur.Stop(); err != nil {
			t.Error(err)
		}
		cur = next
		l.wantMore(t, 400)
		t.Log(i, time.Since(begun), len(l.failed()), l.connections.Load())
	}
	l.stop()
	l.wantNoFailure(t)
	t.Logf("%d connections, the longest wait for an answer took %v", l.connections.Load(), round(time.Duration(l.slowest.Load())))
	for k, v := range testenv.Stats(t, e.Tool()) {
		if v > 0 && len(k) > 5 && k[:5] == "drop." {
			t.Log(k, v)
		}
	}
}
