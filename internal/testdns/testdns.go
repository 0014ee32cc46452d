// Package testdns is a name server for tests.
package testdns

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync/atomic"

	"golang.org/x/net/dns/dnsmessage"
)

// Server answers for the names of Zone, fully qualified as in "host.test.", and that there is no other. Any number of
// Serve calls may run.
type Server struct {
	Zone map[string]Name
	TCP  atomic.Int32 // questions that came over TCP
	UDP  atomic.Int32
}

// Name is what a name stands for.
type Name struct {
	Addrs     []netip.Addr
	Truncated bool // over UDP the answer is cut: ask over TCP
	Broken    bool // the server fails
}

// ServeUDP answers until p is closed.
func (s *Server) ServeUDP(p net.PacketConn) {
	b := make([]byte, 512)
	for {
		n, from, err := p.ReadFrom(b)
		if err != nil {
			return
		}
		if reply, err := s.answer(b[:n], true); err == nil {
			s.UDP.Add(1)
			p.WriteTo(reply, from)
		}
	}
}

// ServeTCP answers until l is closed.
func (s *Server) ServeTCP(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go s.serveConn(c)
	}
}

// serveConn answers questions that have their length before them (RFC 1035 section 4.2.2).
func (s *Server) serveConn(c net.Conn) {
	defer c.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, question); err != nil {
			return
		}
		reply, err := s.answer(question, false)
		if err != nil {
			return
		}
		s.TCP.Add(1)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

func (s *Server) answer(b []byte, udp bool) ([]byte, error) {
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	name, known := s.Zone[q.Name.String()]
	reply := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: h.ID, Response: true, RecursionDesired: h.RecursionDesired, RecursionAvailable: true, Truncated: udp && name.Truncated,
		},
		Questions: []dnsmessage.Question{q},
	}
	switch {
	case name.Broken:
		reply.RCode = dnsmessage.RCodeServerFailure
	case !known:
		reply.RCode = dnsmessage.RCodeNameError
	case !reply.Truncated:
		reply.Answers = name.resources(q)
	}
	return reply.Pack()
}

// resources are the records of the type that the question is for.
func (n Name) resources(q dnsmessage.Question) (list []dnsmessage.Resource) {
	for _, addr := range n.Addrs {
		h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
		switch {
		case q.Type == dnsmessage.TypeA && addr.Is4():
			list = append(list, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: addr.As4()}})
		case q.Type == dnsmessage.TypeAAAA && addr.Is6():
			list = append(list, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
		}
	}
	return list
}
