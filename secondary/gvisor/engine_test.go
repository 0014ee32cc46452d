package gvisor

import (
	"bytes"
	"net"
	"runtime"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"ringstack/secondary/enginetest"
)

func TestEngine(t *testing.T) { enginetest.Run(t, New) }

func FuzzInput(f *testing.F) { enginetest.FuzzInput(f, New) }

func TestConn(t *testing.T) {
	cable := enginetest.Impairment{Loss: 0.02, Reorder: 0.02, Seed: 1}
	enginetest.Pipes(t, New, cable, func(t *testing.T, pipe func() (c1, c2 net.Conn, stop func(), err error)) {
		nettest.TestConn(t, pipe)
	})
}

func TestCloseEndsGoroutines(t *testing.T) {
	newHost(t).Close()
	stacks := make([]byte, 1<<20)
	for end := time.Now().Add(10 * time.Second); bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("gvisor.dev/")); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("netstack's goroutines do not end")
		}
	}
}
