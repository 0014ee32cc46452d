package gvisor

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/waiter"
)

// udpConn is a net.Conn and a net.PacketConn.
type udpConn struct{ *socket }

// Read implements net.Conn.
func (c udpConn) Read(b []byte) (int, error) {
	n, _, err := c.receive(b)
	return n, err
}

// ReadFrom implements net.PacketConn.
func (c udpConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.receive(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

func (c udpConn) receive(b []byte) (int, netip.AddrPort, error) {
	var res tcpip.ReadResult
	err := c.wait(waiter.ReadableEvents, &c.reading, func() (err tcpip.Error) {
		w := datagram(b)
		res, err = c.ep.Read(&w, tcpip.ReadOptions{NeedRemoteAddr: true})
		return err
	})
	if err == io.EOF {
		err = net.ErrClosed // a datagram socket has no end of file
	}
	return min(res.Count, len(b)), addrPort(res.RemoteAddr.Addr, res.RemoteAddr.Port), c.opError("read", "recvfrom", err)
}

// datagram takes what fits and drops the rest, as recvfrom does.
type datagram []byte

func (d *datagram) Write(b []byte) (int, error) {
	*d = (*d)[copy(*d, b):]
	return len(b), nil
}

// Write implements net.Conn.
func (c udpConn) Write(b []byte) (int, error) { return c.send(b, nil) }

// WriteTo implements net.PacketConn; addr is a *net.UDPAddr.
func (c udpConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	udp, ok := addr.(*net.UDPAddr)
	if !ok || udp == nil {
		return 0, &net.OpError{Op: "write", Net: "udp", Source: c.local, Addr: addr, Err: syscall.EINVAL}
	}
	to := fullAddress(udp.AddrPort())
	return c.send(b, &to)
}

func (c udpConn) send(b []byte, to *tcpip.FullAddress) (int, error) {
	payload := bytes.NewReader(b)
	n := int64(0)
	err := c.wait(waiter.WritableEvents, &c.writing, func() (err tcpip.Error) {
		payload.Reset(b)
		n, err = c.ep.Write(payload, tcpip.WriteOptions{To: to})
		return err
	})
	return int(n), c.opError("write", "sendto", err)
}
