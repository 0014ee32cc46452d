// Package engine is the line between a secondary's loop and its TCP/IP stack.
//
//	rings -> loop -> Engine.Input
//	                 Engine.Poll -> Device.Frame, Device.Send -> loop -> rings
//
// One goroutine, the loop, drives an engine. The socket calls (Listen..., Dial..., and everything
// on what they return) come from any goroutine; an engine that has work for the loop after
// such a call says so with Device.Wake.
package engine

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// Device takes the frames of one port. Frame and Send belong to the loop goroutine.
type Device interface {
	// Frame returns a buffer of n bytes for the next frame, or nil when no buffer is free or n
	// exceeds what the port sends. It stays the engine's until Send or the next Frame.
	Frame(n int) []byte
	// Send queues the buffer of the last Frame call.
	Send()
	// Wake makes the loop call Poll soon, also when it sleeps. Any goroutine may call it.
	Wake()
}

// Port is a network interface as an engine sees it.
type Port struct {
	ID     int
	Name   string
	MAC    [6]byte
	MTU    int            // bytes of IP packet
	Addrs  []netip.Prefix // IPv4 and IPv6; the first of a family is the source of choice
	Gates  []netip.Addr   // default gateways, at most one a family
	Device Device
}

// Flow names a connection by its two ends.
type Flow struct {
	Local, Remote         [16]byte // IPv4 addresses are IPv4-mapped
	LocalPort, RemotePort uint16
	State                 FlowState
}

// FlowState is how far a connection has come.
type FlowState uint8

const (
	FlowOpen     FlowState = iota // and all that is in none of the others
	FlowHalfOpen                  // to a listener; the handshake is not over
	FlowComing                    // to a listener; it is open, Accept has not given it out, and an end of the listener is its end
	FlowClosed                    // the program has closed it, the peer has all, and is still to end its side (FIN-WAIT-2)
	FlowWaiting                   // it has ended at both ends, and keeps old segments away for a while (TIME-WAIT)
)

// Engine is a TCP/IP stack. Input, Poll, Dropped, Flows, Detach, Attach and the sysctl calls belong to the loop goroutine.
type Engine interface {
	// Input takes a received Ethernet frame. The slice is valid during the call only.
	Input(port int, frame []byte)
	// Poll runs due timers, sends what is queued and returns when it wants to be called again
	// at the latest; the zero time means not before an Input or a Wake.
	Poll(now time.Time) time.Time

	// The four calls that open sockets take nil for no options. Their errors are bare, without a net.OpError: a syscall.Errno, the
	// context's, or one that is net.ErrClosed and says why the engine has ended. What the sockets return is as in package net.

	// ListenTCP accepts connections to addr; an invalid IP means all local addresses, an unspecified one all of its
	// version.
	ListenTCP(addr netip.AddrPort, o *Options) (net.Listener, error)
	// ListenUDP opens a socket that is bound to addr, which is as for ListenTCP.
	ListenUDP(addr netip.AddrPort, o *Options) (net.PacketConn, error)
	// DialTCP connects from local to remote. local has a port; its IP may be invalid: any.
	// syscall.EADDRINUSE means: try another port.
	DialTCP(ctx context.Context, local, remote netip.AddrPort, o *Options) (net.Conn, error)
	// DialUDP opens a connected socket, with local as for DialTCP.
	DialUDP(local, remote netip.AddrPort, o *Options) (net.Conn, error)

	// Dropped returns how many frames the engine has given up sending since it found no room to
	// queue them.
	Dropped() uint64

	// Flows calls yield for every TCP connection that the engine keeps state for,
	// half-open and closing ones included.
	Flows(yield func(Flow))

	// Sysctls returns the names that SysctlGet knows, sorted.
	Sysctls() []string
	// SysctlGet returns a value; syscall.ENOENT for an unknown name.
	SysctlGet(name string) (string, error)
	// SysctlSet changes a value: syscall.ENOENT for an unknown name, EPERM for one that is
	// read-only, EINVAL for a bad value.
	SysctlSet(name, value string) error

	// Detach says that the Devices give no frames until Attach. Meanwhile sockets work as far as they need none, and no timer
	// of the network runs: nothing times out.
	Detach()
	// Attach ends Detach, with the same ports and Devices by their ids. A port's MAC, MTU, addresses and gateways may be others than
	// before. A port that is missing has no frames; one that New was not given is ignored.
	Attach(ports []Port) error

	// Close ends all connections and frees the engine's resources. The loop has stopped. Calls on what it has opened
	// return an error that is net.ErrClosed and says why.
	Close(why error)
}
