// Package cable joins two engines in memory, for measurements and tests: frames of one are input of the other, and one
// goroutine drives both and allocates nothing.
package cable

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"ringstack/secondary/engine"
)

// Cable has an engine at each end, with Sources addresses at the client and one at the server.
type Cable struct {
	Client, Server engine.Engine
	Cut            atomic.Bool // frames are lost
	ends           [2]*end
	stop           atomic.Bool
	done           chan struct{}
}

// New makes two engines with open, joins them and drives them until Close.
func New(open func([]engine.Port) (engine.Engine, error)) (*Cable, error) {
	c := &Cable{done: make(chan struct{})}
	for i := range c.ends {
		e := newEnd()
		opened, err := open([]engine.Port{{
			Name: "eth0", MAC: [6]byte{2, 0, 0, 0, 0, byte(i + 1)}, MTU: mtu, Device: e,
			Addrs: c.addresses(i),
		}})
		if err != nil {
			return nil, fmt.Errorf("open engine: %w", err)
		}
		e.engine, c.ends[i] = opened, e
	}
	c.ends[0].peer, c.ends[1].peer = c.ends[1], c.ends[0]
	c.Client, c.Server = c.ends[0].engine, c.ends[1].engine
	go c.run()
	return c, nil
}

// Sources is how many addresses the client has.
const Sources = 8

// Source is one of the client's addresses; 0 is the one that it chooses by itself.
func (c *Cable) Source(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i), 1}) }

// Addr is the server's address with a port.
func (c *Cable) Addr(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 2}), port)
}

func (c *Cable) addresses(end int) (addrs []netip.Prefix) {
	if end == 1 {
		return append(addrs, netip.PrefixFrom(c.Addr(0).Addr(), 16))
	}
	for i := range Sources {
		addrs = append(addrs, netip.PrefixFrom(c.Source(i), 16))
	}
	return addrs
}

// ErrClosed is why the engines have ended.
var ErrClosed = errors.New("cable is closed")

// Close stops and ends both engines.
func (c *Cable) Close() {
	c.stop.Store(true)
	<-c.done
	c.Client.Close(ErrClosed)
	c.Server.Close(ErrClosed)
}

// run drives the engines. While neither has anything to do, other goroutines have the CPU.
func (c *Cable) run() {
	defer close(c.done)
	for !c.stop.Load() {
		now := time.Now()
		busy := false
		for _, e := range c.ends {
			busy = e.turn(now, c.Cut.Load()) || busy
		}
		if !busy {
			runtime.Gosched()
		}
	}
}
