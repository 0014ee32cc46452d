package native

import (
	"net"
	"testing"

	"golang.org/x/net/nettest"

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
