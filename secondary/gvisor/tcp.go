package gvisor

import (
	"bytes"
	"net"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"ringstack/secondary/engine"
)

// Package net's keep-alive.
const (
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 15 * time.Second
	keepAliveCount    = 9
)

// tcpConn is a net.Conn with CloseRead and CloseWrite.
type tcpConn struct {
	*socket
	writeMu sync.Mutex // keeps the bytes of one Write together
}

// newTCPConn returns the connection of s, which is past its handshake.
func newTCPConn(s *socket) (*tcpConn, error) {
	id := flowID(s.ep)
	s.local = net.TCPAddrFromAddrPort(addrPort(id.LocalAddress, id.LocalPort))
	s.remote = net.TCPAddrFromAddrPort(addrPort(id.RemoteAddress, id.RemotePort))
	err := configure(s.ep, s.options)
	if err == nil {
		err = keepAlive(s.ep, s.options)
	}
	if err != nil {
		s.ep.Close()
		return nil, translate(err)
	}
	return &tcpConn{socket: s}, nil
}

// flowID returns the addresses of a TCP endpoint, also when it is not connected any more.
func flowID(ep tcpip.Endpoint) stack.TransportEndpointID {
	return ep.Info().(*stack.TransportEndpointInfo).ID
}

// Read implements net.Conn.
func (c *tcpConn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n := 0
	err := c.wait(waiter.ReadableEvents, &c.reading, func() tcpip.Error {
		w := tcpip.SliceWriter(b)
		res, err := c.ep.Read(&w, tcpip.ReadOptions{})
		n = res.Count
		return err
	})
	if n > 0 {
		c.ep.(*tcp.Endpoint).ModerateRecvBuf(n)
	}
	return n, c.opError("read", "read", err)
}

// Write implements net.Conn.
func (c *tcpConn) Write(b []byte) (int, error) {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	rest := bytes.NewReader(b)
	sent := 0
	for sent < len(b) {
		err := c.wait(waiter.WritableEvents, &c.writing, func() tcpip.Error {
			rest.Reset(b[sent:])
			n, err := c.ep.Write(rest, tcpip.WriteOptions{})
			sent += int(n)
			return err
		})
		if err != nil {
			return sent, c.opError("write", "write", err)
		}
	}
	return sent, nil
}

// CloseRead makes Read return io.EOF.
func (c *tcpConn) CloseRead() error { return c.shutdown(tcpip.ShutdownRead) }

// CloseWrite sends FIN after what is written.
func (c *tcpConn) CloseWrite() error { return c.shutdown(tcpip.ShutdownWrite) }

func (c *tcpConn) shutdown(how tcpip.ShutdownFlags) error {
	if isClosed(c.closed) {
		return c.opError("close", "shutdown", net.ErrClosed)
	}
	return c.opError("close", "shutdown", c.translate(c.ep.Shutdown(how)))
}

// tcpListener is a net.Listener with SetDeadline.
type tcpListener struct {
	*socket
	accepting *engine.Options // of new connections
}

// Addr implements net.Listener.
func (l tcpListener) Addr() net.Addr { return l.local }

// Close implements net.Listener.
func (l tcpListener) Close() error { return l.shut(nil, l.local) }

// SetDeadline ends calls of Accept at t; the zero time means never.
func (l tcpListener) SetDeadline(t time.Time) error { return l.SetReadDeadline(t) }

// Accept implements net.Listener.
func (l tcpListener) Accept() (net.Conn, error) {
	var s *socket
	err := l.wait(waiter.ReadableEvents, &l.reading, func() tcpip.Error {
		ep, events, err := l.ep.Accept(nil)
		if _, ended := err.(*tcpip.ErrInvalidEndpointState); ended {
			return &tcpip.ErrAborted{}
		}
		if err == nil {
			s = newSocket("tcp", l.accepting, ep, events)
		}
		return err
	})
	if err != nil {
		return nil, l.failure("accept", "accept", nil, l.local, err)
	}
	c, err := newTCPConn(s)
	if err != nil {
		return nil, l.failure("accept", "accept", nil, l.local, err)
	}
	return c, nil
}
