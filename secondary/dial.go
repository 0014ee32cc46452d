package secondary

import (
	"context"
	"net"
	"time"
)

// Dialer is net.Dialer on the stack. The zero value of each field but Secondary is that of dialling without it. Any
// goroutine may call its methods.
type Dialer struct {
	// Secondary is whose stack is used.
	Secondary *Secondary

	// Timeout bounds a dial, the look-up of names included; where a name stands for several addresses, each gets its share. 0: only
	// the context does.
	Timeout time.Duration

	// LocalAddr is where to connect from, a *net.TCPAddr or *net.UDPAddr. nil, or an address without a port, chooses a port that
	// belongs to this secondary alone, so that replies find it. Another port is registered as by Listen while the
	// connection is open: name one only when no other secondary of the group uses it, as replies are spread over those that do.
	LocalAddr net.Addr

	// KeepAliveConfig is that of a TCP connection. Without Enable: package net's default.
	KeepAliveConfig net.KeepAliveConfig

	// Control configures the socket before it is bound and connected. It is called for each address that is tried, with a network as
	// "tcp4" and an address as "192.0.2.1:80". An error ends the attempt. nil: nothing is configured.
	Control func(network, address string, s *Socket) error

	// FallbackDelay is how long the addresses of the preferred IP version are tried before those of the other
	// are tried, too (RFC 8305, "happy eyeballs"). 0: 300 ms. Negative: all addresses are tried one after the other.
	FallbackDelay time.Duration

	// Resolver looks host names up. nil: Secondary.Resolver.
	Resolver *net.Resolver
}

// DialContext is net.Dialer.DialContext on the stack, without option.
func (s *Secondary) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return (&Dialer{Secondary: s}).DialContext(ctx, network, address)
}

// DialContext connects to address, "host:port", on "tcp" or "udp" with 4 or 6 behind it or not. Once connected, a connection does
// not depend on ctx. Errors are those of package net: a *net.OpError around a *net.DNSError, or around an errno.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.Timeout != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.Timeout)
		defer cancel()
	}
	a, remotes, err := d.prepare(ctx, network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	if a.version == 0 && a.proto == protoTCP && d.FallbackDelay >= 0 {
		return a.race(ctx, remotes)
	}
	return a.serial(ctx, remotes)
}
