package native

import (
	"net"
	"testing"

	"golang.org/x/net/nettest"

	"ringstack/secondary/enginetest"
)

func TestEngine(t *testing.T) { enginetest.Run(t, New) }

func FuzzInput(f *testing.F) { enginetest.FuzzInput(f, New) }

func TestConn(t *testing.T) {
	enginetest.Pipes(t, New, func(t *testing.T, pipe func() (c1, c2 net.Conn, stop func(), err error)) {
		nettest.TestConn(t, pipe)
	})
}
