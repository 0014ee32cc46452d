package primary

import (
	"bytes"
	"io"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

const (
	logLines     = 1024 // that may wait
	flushTimeout = time.Second
)

// LogWriter passes lines on to another writer without ever waiting for it: the poll loop logs, and a pipe that nobody reads must not stop it.
// What the writer does not take in time is dropped, and the next line that it takes says how much that was. Its methods may be called from
// any goroutine; its own never ends, so one is for the life of a process.
type LogWriter struct {
	lines   chan logLine
	dropped atomic.Uint64
}

// logLine is a line, or a mark that tells when those before it are written.
type logLine struct {
	text    []byte
	written chan struct{} // nil for a line
}

// NewLogWriter begins to pass lines on to w.
func NewLogWriter(w io.Writer) *LogWriter {
	l := &LogWriter{lines: make(chan logLine, logLines)}
	go l.run(w)
	return l
}

// Write takes a copy of a line. It always succeeds.
func (l *LogWriter) Write(line []byte) (int, error) {
	select {
	case l.lines <- logLine{text: bytes.Clone(line)}:
	default:
		l.dropped.Add(1)
	}
	return len(line), nil
}

// Flush returns when all that was logged before is written, or after a second if the writer hangs.
func (l *LogWriter) Flush() {
	timeout := time.After(flushTimeout)
	mark := logLine{written: make(chan struct{})}
	select {
	case l.lines <- mark:
	case <-timeout:
		return
	}
	select {
	case <-mark.written:
	case <-timeout:
	}
}

func (l *LogWriter) run(w io.Writer) {
	log := zerolog.New(w).With().Timestamp().Logger()
	for line := range l.lines {
		if line.written != nil {
			close(line.written)
			continue
		}
		w.Write(line.text) // there is nobody to tell of a failure
		if n := l.dropped.Swap(0); n > 0 {
			log.Warn().Uint64("lines", n).Msg("the log was not read in time: lines are missing")
		}
	}
}
