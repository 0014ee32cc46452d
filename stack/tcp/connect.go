package tcp

import (
	"syscall"

	"ringstack/stack/wire"
)

// ConnectConfig says where an active connection goes.
type ConnectConfig struct {
	Remote     wire.Addr
	RemotePort uint16
	Local      wire.Addr // zero: the IP layer's choice
	LocalPort  uint16    // zero: one of Config.PortFirst to PortLast (RFC 6056)
}

// Connect opens a connection. Connected tells how it went. Errors: EINVAL, ENETUNREACH, EADDRNOTAVAIL (no port is free), EADDRINUSE,
// ENOBUFS (Config.MaxConns).
func (t *Transport) Connect(cc *ConnectConfig) (ID, syscall.Errno) {
	if cc.RemotePort == 0 || !cc.Remote.IsUnicast() {
		return 0, syscall.EINVAL
	}
	route, ok := t.net.Route(cc.Local, cc.Remote)
	if !ok {
		return 0, syscall.ENETUNREACH
	}
	f := flow{Route: route, localPort: cc.LocalPort, remotePort: cc.RemotePort}
	floor, err := t.claim(&f)
	if err != 0 {
		return 0, err
	}
	i, c := t.newConn(&f, uint32(t.flowHash(&f)))
	if c == nil {
		return 0, syscall.ENOBUFS
	}
	t.stats[ConnAttempt]++
	t.startActive(c, floor)
	t.mark(i, c)
	return makeID(i, c.gen), 0
}

func (t *Transport) startActive(c *conn, floor uint32) {
	c.iss = t.newISN(&c.flow, floor)
	c.tsOff = t.tsOffset(&c.flow)
	c.sndUna, c.sndNxt = c.iss, c.iss
	c.rcvWScale = t.windowScale()
	c.state = SynSent
	c.set(synDue)
	c.progress = t.now
	c.peerMSS = defaultMSS(&c.Route)
	c.mss = c.peerMSS
}

// claim makes sure that the 4-tuple is free, choosing the local port when it is 0. A TIME-WAIT block in its place is replaced where that is
// safe; floor is then below every sequence number that may be used.
func (t *Transport) claim(f *flow) (floor uint32, err syscall.Errno) {
	if f.localPort != 0 {
		floor, ok := t.claimPort(f)
		if !ok {
			return 0, syscall.EADDRINUSE
		}
		return floor, 0
	}
	n := uint32(t.cfg.PortLast-t.cfg.PortFirst) + 1
	offset := uint32(hashFlow(t.secrets.port, &f.Local, &f.Remote, 0, f.remotePort)) // RFC 6056 section 3.3.3
	for range n {
		t.portHint++
		f.localPort = t.cfg.PortFirst + uint16((offset+t.portHint)%n)
		if t.listenerFor(&f.Local, f.localPort) != 0 {
			continue
		}
		if floor, ok := t.claimPort(f); ok {
			return floor, 0
		}
	}
	return 0, syscall.EADDRNOTAVAIL
}

func (t *Transport) claimPort(f *flow) (floor uint32, ok bool) {
	if f.localPort == f.remotePort && f.Local == f.Remote {
		return 0, false // a connection with itself: its SYN would open it (RFC 9293 section 3.5), whoever listens or does not
	}
	r := t.lookup(uint32(t.flowHash(f)), &f.Local, &f.Remote, f.localPort, f.remotePort)
	if r == 0 {
		return 0, true
	}
	if r.kind() != refTimeWait {
		return 0, false
	}
	return t.reuseTimeWait(r.index())
}
