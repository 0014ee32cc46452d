package e2e

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"

	"ringstack/internal/site"
	"ringstack/internal/testenv"
)

// TestStopWhileServing stops a web while visitors are in the middle of pages that are larger than all buffers, and one has
// read nothing of a page that waits whole in the web's stack: they get all of them, the program ends in order, and its port is free.
func TestStopWhileServing(t *testing.T) {
	const n, size, last = 4, 16 << 20, 100_000
	e, id, web := newWeb(t)
	late := newSlowReader(t, e)
	if _, err := fmt.Fprintf(late, "GET %s HTTP/1.0\r\n\r\n", site.PagePath(n, last)); err != nil {
		t.Fatal(err)
	}
	pages := make([]*http.Response, n)
	for i := range pages {
		v, _ := newVisitor(t, testenv.Stack4, i%2 == 1, 1+i/2, e.DialContext, id)
		page, err := v.Client.Get(v.URL + site.PagePath(uint64(i), size))
		if err != nil {
			t.Fatal(err)
		}
		defer page.Body.Close()
		pages[i] = page
	}
	if err := web.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	web.WaitLog("stopping")
	wantRunning(t, web)
	err := site.AtOnce(n, func(i int) error { return site.Check(pages[i].Body, uint64(i), size) })
	if err != nil {
		t.Error(err)
	}
	wantRunning(t, web)
	if err := late.skipHeader(); err != nil {
		t.Fatal(err)
	}
	if err := site.Check(late, n, last); err != nil {
		t.Error(err)
	}
	late.Close() // as long as one end is open, a connection is
	if err := web.Stop(); err != nil {
		t.Errorf("the program ended with %v", err)
	}

	e.Secondary(webProgram, id.certificate, id.key)
	v, _ := newVisitor(t, testenv.Stack4, true, 2, e.DialContext, id)
	if err := v.Page(t.Context(), 1, 1<<20); err != nil {
		t.Errorf("the next web: %v", err)
	}
}

// wantRunning fails the test when a program has ended before its visitors have all that they came for.
func wantRunning(t *testing.T, p *testenv.Process) {
	t.Helper()
	select {
	case <-p.Exited():
		t.Fatal("the program has ended too soon")
	default:
	}
}
