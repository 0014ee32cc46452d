package primary

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestRetriesDoNotMultiply: however many changes there are while the file cannot be written, it is tried again once a time.
func TestRetriesDoNotMultiply(t *testing.T) {
	p := newIdle(t, 0)
	if err := os.MkdirAll(filepath.Join(p.keeper.path+".new", "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p.keepState()
	}()
	go func() {
		for f := range p.calls {
			f()
		}
	}()
	failures := func() uint64 {
		_, n := p.keeper.counts()
		return n
	}
	const changes = 20
	for range changes {
		p.do(p.keeper.changed)
		p.keeper.wait()
	}
	before := failures()
	if before != changes {
		t.Errorf("%d failures of %d", before, changes)
	}
	for deadline := time.Now().Add(5 * retryWriting); failures() == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is not tried again")
		}
	}
	time.Sleep(retryWriting / 4) // in which as many would come as there are changes
	if n := failures() - before; n > 2 {
		t.Errorf("%d retries", n)
	}
	close(p.ended)
	<-stopped
	close(p.calls)
}
