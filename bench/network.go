package main

import (
	"context"
	"net"
	"net/netip"

	"ringstack/internal/cable"
	"ringstack/secondary/engine"
	"ringstack/secondary/gvisor"
	"ringstack/secondary/native"
)

// network is a client's and a server's end in this process.
type network interface {
	// Listen opens the server's only listener.
	Listen() (net.Listener, error)
	// Dial opens connection i to it.
	Dial(i int) (net.Conn, error)
	// Outside returns the bytes in use where connections may lie outside of the Go heap.
	Outside() (int64, error)
	// Close ends it, and with it all calls on connections of the engines.
	Close()
}

// contender is what is measured.
type contender struct {
	name string
	open func() (network, error)
	room func(connections int) error // why there cannot be so many
}

var (
	nativeEngine = contender{"native", func() (network, error) { return openWired(native.New) }, endless}
	gvisorEngine = contender{"gvisor", func() (network, error) { return openWired(gvisor.New) }, endless}
	linuxKernel  = contender{"linux", func() (network, error) { return new(loopback), nil }, enoughFiles}

	contenders = []contender{nativeEngine, gvisorEngine, linuxKernel}
)

func endless(int) error { return nil }

// wired is two engines with a cable between.
type wired struct{ *cable.Cable }

func openWired(open func([]engine.Port) (engine.Engine, error)) (network, error) {
	c, err := cable.New(open)
	return wired{c}, err
}

const serverPort = 80

// Listen implements network.
func (w wired) Listen() (net.Listener, error) { return w.Server.ListenTCP(w.Addr(serverPort), nil) }

// Dial implements network. Each of the client's addresses has ephemeral ports of its own.
func (w wired) Dial(i int) (net.Conn, error) {
	local := netip.AddrPortFrom(w.Source(i/portsPerAddress), 0)
	return w.Client.DialTCP(context.Background(), local, w.Addr(serverPort), nil)
}

// Outside implements network.
func (w wired) Outside() (int64, error) { return 0, nil }

// portsPerAddress is less than what any contender has for connections from one address, so that a free port is found soon.
const portsPerAddress = 8000
