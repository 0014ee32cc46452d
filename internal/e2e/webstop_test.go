package e2e

import (
	"net/http"
	"syscall"
	"testing"

	"ringstack/internal/site"
	"ringstack/internal/testenv"
)

// TestStopWhileServing stops a web while visitors are in the middle of pages that are larger than all buffers: they
// get all of them, the program ends in order, and its port is free.
func TestStopWhileServing(t *testing.T) {
	const n, size = 4, 16 << 20
	e, id, web := newWeb(t)
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
	select {
	case <-web.Exited():
		t.Fatal("the program ended before its visitors had their pages")
	default:
	}
	err := site.AtOnce(n, func(i int) error { return site.Check(pages[i].Body, uint64(i), size) })
	if err != nil {
		t.Error(err)
	}
	if err := web.Stop(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
	e.Secondary(webProgram, id.certificate, id.key)
	v, _ := newVisitor(t, testenv.Stack4, true, 2, e.DialContext, id)
	if err := v.Page(t.Context(), 1, 1<<20); err != nil {
		t.Errorf("the next web: %v", err)
	}
}
