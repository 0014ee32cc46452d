package secondary

import (
	"errors"
	"net"
	"net/netip"
	"syscall"

	"ringstack/secondary/engine"
)

// Socket is a socket before it is bound, and connected or listening: what a Control function configures. Its methods are those of
// net.TCPConn; the connections that a listener accepts have what was set for the listener.
type Socket struct {
	network network
	options engine.Options
}

// configure sets the options of a new socket for addr.
func (s *Socket) configure(k net.KeepAliveConfig, control func(network, address string, s *Socket) error, addr netip.AddrPort) error {
	s.options.Network = s.network.name
	if k.Enable {
		s.options.KeepAlive = &k
	}
	if control == nil {
		return nil
	}
	return control(s.network.of(addr.Addr()), s.network.addr(addr).String(), s)
}

// SetReadBuffer fixes how many bytes are queued for reading: for TCP, the receive window.
func (s *Socket) SetReadBuffer(bytes int) error { return positive(&s.options.ReadBuffer, bytes) }

// SetWriteBuffer fixes how many bytes are queued for sending.
func (s *Socket) SetWriteBuffer(bytes int) error { return positive(&s.options.WriteBuffer, bytes) }

// SetTTL sets the TTL and hop limit of what is sent: 1 to 255.
func (s *Socket) SetTTL(ttl int) error {
	if ttl > 255 {
		return syscall.EINVAL
	}
	return positive(&s.options.TTL, ttl)
}

func positive(option *int, value int) error {
	if value <= 0 {
		return syscall.EINVAL
	}
	*option = value
	return nil
}

// SetNoDelay switches Nagle's algorithm off, as it is by default, or on. TCP only.
func (s *Socket) SetNoDelay(on bool) error {
	return s.setTCP(func(o *engine.Options) { o.Nagle = !on })
}

// SetKeepAliveConfig configures keep-alive probes; without Enable there are none. TCP only.
func (s *Socket) SetKeepAliveConfig(config net.KeepAliveConfig) error {
	return s.setTCP(func(o *engine.Options) { o.KeepAlive = &config })
}

// SetLinger says what becomes of unsent bytes at Close: as net.TCPConn.SetLinger. TCP only.
func (s *Socket) SetLinger(sec int) error {
	return s.setTCP(func(o *engine.Options) { o.Linger = &sec })
}

var errNotTCP = errors.New("an option of TCP sockets")

func (s *Socket) setTCP(set func(*engine.Options)) error {
	if s.network.proto != protoTCP {
		return errNotTCP
	}
	set(&s.options)
	return nil
}
