package tcp

import "ringstack/stack/wire"

// Sent reports whether a connection can have sent a segment with the number seq lately: in flight, or not older than a window. It
// is for messages that quote a segment (RFC 5927 section 4.1).
func (t *Transport) Sent(local, remote *wire.Addr, localPort, remotePort uint16, seq uint32) bool {
	r := t.lookup(uint32(hashFlow(t.secrets.table, local, remote, localPort, remotePort)), local, remote, localPort, remotePort)
	switch {
	case r == 0 || r.kind() == refTimeWait:
		return false
	case r.kind() == refHalfOpen:
		return seq-t.halfOpen.at(r.index()).iss <= 1
	}
	c := t.conns.at(r.index())
	return !before(seq, c.sndUna-c.maxSndWnd) && !after(seq, c.sndMax())
}
