package native

import (
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"ringstack/secondary/engine"
	"ringstack/secondary/enginetest"
)

func TestEngine(t *testing.T) { enginetest.Run(t, New) }

func FuzzInput(f *testing.F) { enginetest.FuzzInput(f, New) }

func TestConn(t *testing.T) { testConn(t, enginetest.Impairment{}) }

func TestConnOnABadCable(t *testing.T) {
	testConn(t, enginetest.Impairment{Loss: 0.02, Reorder: 0.02, Seed: 1})
}

func testConn(t *testing.T, cable enginetest.Impairment) {
	enginetest.Pipes(t, New, cable, func(t *testing.T, pipe func() (c1, c2 net.Conn, stop func(), err error)) {
		nettest.TestConn(t, pipe)
	})
}

// TestFlowStates follows a connection from its beginning to its end.
func TestFlowStates(t *testing.T) {
	w := enginetest.NewWire(t, New)
	l, err := w.Server.ListenTCP(w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	peer, err := w.Client.DialTCP(t.Context(), netip.AddrPort{}, w.Addr(80), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := func(state engine.FlowState) {
		t.Helper()
		var got []engine.FlowState
		server := w.Server.(*host)
		for end := time.Now().Add(patience); !slices.Equal(got, []engine.FlowState{state}); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("states %v, want %v", got, state)
			}
			got = got[:0]
			if err := server.do(func() { server.Flows(func(f engine.Flow) { got = append(got, f.State) }) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	want(engine.FlowComing)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	want(engine.FlowOpen)
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(peer); err != nil {
		t.Fatal(err)
	}
	want(engine.FlowOpen)
	c.Close()
	want(engine.FlowClosed)
	peer.Close()
	want(engine.FlowWaiting)
}
