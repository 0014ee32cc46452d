//go:build !gvisor

package secondary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testdns"
)

// host is what package net and a secondary both offer, on 127.0.0.1 and ::1.
type host struct {
	t            *testing.T
	dialFrom     func(ctx context.Context, local net.Addr, network, address string) (net.Conn, error)
	listen       func(network, address string) (net.Listener, error)
	listenPacket func(network, address string) (net.PacketConn, error)
}

func (h *host) dial(network, address string) error {
	_, err := h.dialFrom(h.t.Context(), nil, network, address)
	return err
}

// listener listens at a free port of 127.0.0.1 until the test ends.
func (h *host) listener() net.Listener {
	l, err := h.listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { l.Close() })
	return l
}

// closed is an address that nobody listens at.
func (h *host) closed(network string) string {
	if strings.HasPrefix(network, "udp") {
		c := h.packets()
		c.Close()
		return c.LocalAddr().String()
	}
	l := h.listener()
	l.Close()
	return l.Addr().String()
}

func (h *host) packets() net.PacketConn {
	c, err := h.listenPacket("udp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	return c
}

// connection is what a TCP connection of both has.
type connection interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
	SetLinger(sec int) error
	SetNoDelay(on bool) error
	SetKeepAliveConfig(net.KeepAliveConfig) error
	SetReadBuffer(bytes int) error
	SetWriteBuffer(bytes int) error
}

// pair returns both ends of a connection on a network.
func (h *host) pair(network string) (client, server connection) {
	l := h.listener()
	c, err := h.dialFrom(h.t.Context(), nil, network, l.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range []net.Conn{c, s} {
		c.SetDeadline(time.Now().Add(patience))
		h.t.Cleanup(func() { c.Close() })
	}
	return c.(connection), s.(connection)
}

func (h *host) dialUDP(address string) net.Conn {
	c, err := h.dialFrom(h.t.Context(), nil, "udp", address)
	if err != nil {
		h.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patience))
	h.t.Cleanup(func() { c.Close() })
	return c
}

func read(r io.Reader) error {
	_, err := r.Read(make([]byte, 1))
	return err
}

func write(w io.Writer) error {
	_, err := w.Write([]byte("x"))
	return err
}

// failures are calls that fail.
var failures = []struct {
	name string
	call func(h *host) error
}{
	{"dial an unknown network", func(h *host) error { return h.dial("tcp5", "127.0.0.1:80") }},
	{"dial no address", func(h *host) error { return h.dial("tcp", "") }},
	{"dial no port", func(h *host) error { return h.dial("tcp", "127.0.0.1") }},
	{"dial a bad port", func(h *host) error { return h.dial("udp", "127.0.0.1:65536") }},
	{"dial an unknown service", func(h *host) error { return h.dial("tcp", "127.0.0.1:nonsense") }},
	{"dial IPv6 on tcp4", func(h *host) error { return h.dial("tcp4", "[::1]:80") }},
	{"dial a mapped address on tcp6", func(h *host) error { return h.dial("tcp6", "[::ffff:127.0.0.1]:80") }},
	{"dial an unknown name", func(h *host) error { return h.dial("tcp", "none.test:80") }},
	{"dial a broken name", func(h *host) error { return h.dial("udp", "broken.test:80") }},
	{"dial a name without IPv6", func(h *host) error { return h.dial("tcp6", "four.test:80") }},
	{"dial a closed port", func(h *host) error { return h.dial("tcp", h.closed("tcp")) }},
	{"dial a closed port on tcp4", func(h *host) error { return h.dial("tcp4", h.closed("tcp")) }},
	{"dial a closed port of a name", func(h *host) error {
		_, port, _ := net.SplitHostPort(h.closed("tcp"))
		return h.dial("tcp", "four.test:"+port)
	}},
	{"dial a closed port of all addresses", func(h *host) error {
		_, port, _ := net.SplitHostPort(h.closed("tcp"))
		return h.dial("tcp", ":"+port)
	}},
	{"dial when cancelled", func(h *host) error {
		ctx, cancel := context.WithCancel(h.t.Context())
		cancel()
		_, err := h.dialFrom(ctx, nil, "tcp", "127.0.0.1:80")
		return err
	}},
	{"dial too late", func(h *host) error {
		ctx, cancel := context.WithDeadline(h.t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		_, err := h.dialFrom(ctx, nil, "udp4", "127.0.0.1:80")
		return err
	}},
	{"dial a name when cancelled", func(h *host) error {
		ctx, cancel := context.WithCancel(h.t.Context())
		cancel()
		_, err := h.dialFrom(ctx, nil, "tcp", "four.test:80")
		return err
	}},
	{"dial TCP from a UDP address", func(h *host) error {
		_, err := h.dialFrom(h.t.Context(), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, "tcp", "127.0.0.1:80")
		return err
	}},
	{"dial IPv6 from IPv4", func(h *host) error {
		_, err := h.dialFrom(h.t.Context(), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, "tcp", "[::1]:80")
		return err
	}},
	{"dial from a foreign address", func(h *host) error {
		_, err := h.dialFrom(h.t.Context(), &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, "tcp", "127.0.0.1:80")
		return err
	}},
	{"dial a closed port from an address", func(h *host) error {
		_, err := h.dialFrom(h.t.Context(), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, "tcp", h.closed("tcp"))
		return err
	}},

	{"listen on an unknown network", func(h *host) error { _, err := h.listen("ip5", "127.0.0.1:80"); return err }},
	{"listen on a packet network", func(h *host) error { _, err := h.listen("udp", "127.0.0.1:80"); return err }},
	{"listen without port", func(h *host) error { _, err := h.listen("tcp", "127.0.0.1"); return err }},
	{"listen on an unknown name", func(h *host) error { _, err := h.listen("tcp", "256.0.0.0:80"); return err }},
	{"listen on IPv6 on tcp4", func(h *host) error { _, err := h.listen("tcp4", "[::1]:80"); return err }},
	{"listen on a foreign address", func(h *host) error { _, err := h.listen("tcp", "192.0.2.1:80"); return err }},
	{"listen twice", func(h *host) error { _, err := h.listen("tcp4", h.listener().Addr().String()); return err }},
	{"listen twice on all addresses", func(h *host) error {
		l, err := h.listen("tcp", ":0")
		if err != nil {
			return err
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		_, err = h.listen("tcp4", ":"+port)
		return err
	}},
	{"listen for packets on a stream network", func(h *host) error { _, err := h.listenPacket("tcp", ":80"); return err }},
	{"listen for packets twice", func(h *host) error {
		_, err := h.listenPacket("udp", h.packets().LocalAddr().String())
		return err
	}},

	{"accept after close", func(h *host) error { l := h.listener(); l.Close(); _, err := l.Accept(); return err }},
	{"close a listener twice", func(h *host) error { l := h.listener(); l.Close(); return l.Close() }},
	{"accept too late", func(h *host) error {
		l := h.listener()
		l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now())
		_, err := l.Accept()
		return err
	}},
	{"set the deadline of a closed listener", func(h *host) error {
		l := h.listener()
		l.Close()
		return l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now())
	}},

	{"read after close", func(h *host) error { c, _ := h.pair("tcp4"); c.Close(); return read(c) }},
	{"write after close", func(h *host) error { _, c := h.pair("tcp"); c.Close(); return write(c) }},
	{"close twice", func(h *host) error { c, _ := h.pair("tcp4"); c.Close(); return c.Close() }},
	{"set a deadline after close", func(h *host) error { c, _ := h.pair("tcp4"); c.Close(); return c.SetDeadline(time.Now()) }},
	{"set linger after close", func(h *host) error { c, _ := h.pair("tcp"); c.Close(); return c.SetLinger(0) }},
	{"set nodelay after close", func(h *host) error { c, _ := h.pair("tcp"); c.Close(); return c.SetNoDelay(true) }},
	{"set keep-alive after close", func(h *host) error {
		c, _ := h.pair("tcp")
		c.Close()
		return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true})
	}},
	{"set a buffer after close", func(h *host) error { c, _ := h.pair("tcp"); c.Close(); return c.SetReadBuffer(4096) }},
	{"half-close after close", func(h *host) error { c, _ := h.pair("tcp"); c.Close(); return c.CloseWrite() }},
	{"read too late", func(h *host) error { c, _ := h.pair("tcp"); c.SetDeadline(time.Now()); return read(c) }},
	{"write too late", func(h *host) error { c, _ := h.pair("tcp"); c.SetDeadline(time.Now()); return write(c) }},
	{"read the end", func(h *host) error { c, s := h.pair("tcp"); s.CloseWrite(); return read(c) }},
	{"write after half-close", func(h *host) error { c, _ := h.pair("tcp"); c.CloseWrite(); return write(c) }},
	{"read after a reset", func(h *host) error { c, s := h.pair("tcp4"); s.SetLinger(0); s.Close(); return read(c) }},
	{"write after a reset", func(h *host) error {
		c, s := h.pair("tcp")
		s.SetLinger(0)
		s.Close()
		read(c)
		return write(c)
	}},

	{"read packets after close", func(h *host) error {
		c := h.packets()
		c.Close()
		_, _, err := c.ReadFrom(nil)
		return err
	}},
	{"read packets too late", func(h *host) error {
		c := h.packets()
		c.SetReadDeadline(time.Now())
		_, _, err := c.ReadFrom(nil)
		return err
	}},
	{"write packets after close", func(h *host) error {
		c := h.packets()
		c.Close()
		_, err := c.WriteTo(nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
		return err
	}},
	{"write a packet to a stream", func(h *host) error { _, err := h.packets().WriteTo(nil, &net.TCPAddr{}); return err }},
	{"write a packet that is too long", func(h *host) error {
		c := h.packets()
		_, err := c.WriteTo(make([]byte, 70000), c.LocalAddr())
		return err
	}},
	{"write a packet to nobody", func(h *host) error { _, err := h.packets().(io.Writer).Write(nil); return err }},
	{"write a packet from a connected socket", func(h *host) error {
		c := h.dialUDP("127.0.0.1:9")
		_, err := c.(net.PacketConn).WriteTo(nil, c.RemoteAddr())
		return err
	}},
	{"read a refusal", func(h *host) error {
		c := h.dialUDP(h.closed("udp"))
		for c.LocalAddr().String() == c.RemoteAddr().String() { // by chance the port that was closed: it would hear itself
			c = h.dialUDP(h.closed("udp"))
		}
		write(c)
		return read(c)
	}},
	{"write a long packet", func(h *host) error { _, err := h.dialUDP("127.0.0.1:9").Write(make([]byte, 70000)); return err }},
}

// Errors are package net's: in text, in kind, and in every field of the net.OpError.
func TestErrorsAreThoseOfPackageNet(t *testing.T) {
	dns := &testdns.Server{Zone: map[string]testdns.Name{
		"four.test.": {Addrs: addrs("127.0.0.1")}, "broken.test.": {Broken: true},
	}}
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go dns.ServeUDP(c)
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, c.LocalAddr().String())
	}}
	kernel := host{
		listen: net.Listen, listenPacket: net.ListenPacket,
		dialFrom: func(ctx context.Context, local net.Addr, network, address string) (net.Conn, error) {
			return (&net.Dialer{LocalAddr: local, Resolver: resolver}).DialContext(ctx, network, address)
		},
	}
	s := newPair(t).client
	own := host{
		listen: s.Listen, listenPacket: s.ListenPacket,
		dialFrom: func(ctx context.Context, local net.Addr, network, address string) (net.Conn, error) {
			return (&Dialer{Secondary: s, LocalAddr: local, Resolver: resolver}).DialContext(ctx, network, address)
		},
	}
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			kernel.t, own.t = t, t
			want, got := describe(f.call(&kernel)), describe(f.call(&own))
			if got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

var port = regexp.MustCompile(`:\d{4,5}\b`)

// describe tells all about an error but for port numbers.
func describe(err error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v", err)
	for e := err; e != nil; e = errors.Unwrap(e) {
		if op, ok := e.(*net.OpError); ok {
			fmt.Fprintf(&b, " {op %s, net %s, source %T %v, addr %T %v, error %T}", op.Op, op.Net, op.Source, op.Source, op.Addr, op.Addr, op.Err)
		}
	}
	for _, sentinel := range []error{
		io.EOF, net.ErrClosed, os.ErrDeadlineExceeded, context.Canceled, context.DeadlineExceeded, net.ErrWriteToConnected,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EPIPE, syscall.EINVAL, syscall.EMSGSIZE,
	} {
		if errors.Is(err, sentinel) {
			fmt.Fprintf(&b, " is %v,", sentinel)
		}
	}
	if e, ok := err.(net.Error); ok {
		fmt.Fprintf(&b, " timeout %v", e.Timeout())
	}
	// Types that package net does not export have our names here.
	text := strings.NewReplacer(
		"*net.timeoutError", "secondary.timeoutError", "net.canceledError", "secondary.canceledError",
	).Replace(b.String())
	return port.ReplaceAllString(text, ":PORT")
}
