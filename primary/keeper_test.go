package primary

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// TestWhatCannotBeWrittenIsNotBelieved: a state file that could not be replaced is a lost one, until it is written again.
func TestWhatCannotBeWrittenIsNotBelieved(t *testing.T) {
	var k keeper
	k.open(t.TempDir())
	before := &savedState{Hash: "before"}
	if err := k.replace(before); err != nil {
		t.Fatal(err)
	}
	obstacle := filepath.Join(k.path+".new", "in the way")
	if err := os.MkdirAll(obstacle, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := k.replace(&savedState{Hash: "now"}); err == nil {
		t.Fatal("the obstacle is none")
	}
	if s, err := readState(k.path); !errors.Is(err, errState) || !strings.Contains(err.Error(), "could not be written") {
		t.Errorf("%+v, %v", s, err)
	}
	if err := os.RemoveAll(k.path + ".new"); err != nil {
		t.Fatal(err)
	}
	if err := k.replace(&savedState{Hash: "now"}); err != nil {
		t.Fatal(err)
	}
	if s, err := readState(k.path); err != nil || s.Hash != "now" {
		t.Errorf("%+v, %v", s, err)
	}
}
