package gvisor

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"ringstack/secondary/enginetest"
)

func TestEngine(t *testing.T) { enginetest.Run(t, New) }

func FuzzInput(f *testing.F) { enginetest.FuzzInput(f, New) }

func TestCloseEndsGoroutines(t *testing.T) {
	newHost(t).Close()
	stacks := make([]byte, 1<<20)
	for end := time.Now().Add(10 * time.Second); bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("gvisor.dev/")); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("netstack's goroutines do not end")
		}
	}
}
