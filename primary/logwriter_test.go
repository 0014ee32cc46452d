package primary

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// gate is a writer that takes nothing until it is opened.
type gate struct {
	open chan struct{}
	got  bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	return g.got.Write(p)
}

// TestLogWriterNeverWaits fills it while nothing is taken: what there is room for comes in order, and then how many are missing.
func TestLogWriterNeverWaits(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	l := NewLogWriter(g)
	const excess = 100
	var line []byte
	for i := range logLines + excess {
		line = fmt.Appendf(line[:0], "line %d\n", i) // its memory is used again
		if n, err := l.Write(line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	begun := time.Now()
	l.Flush()
	if took := time.Since(begun); took < flushTimeout {
		t.Errorf("flushed in %v what is not written", took)
	}
	close(g.open)
	l.Flush()
	lines := strings.Split(strings.TrimSuffix(g.got.String(), "\n"), "\n")
	var missing, written int
	last := -1
	for _, line := range lines {
		var n int
		if _, err := fmt.Sscanf(line, "line %d", &n); err == nil {
			if n <= last {
				t.Fatalf("line %d after %d", n, last)
			}
			last = n
			written++
			continue
		}
		if _, err := fmt.Sscanf(line, `{"level":"warn","lines":%d,`, &n); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		missing += n
	}
	if written < logLines || written+missing != logLines+excess {
		t.Errorf("%d lines are written, %d missing", written, missing)
	}
}
