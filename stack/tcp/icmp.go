package tcp

import (
	"syscall"
	"time"

	"ringstack/stack/wire"
)

// ICMPError is what an ICMP error says about a segment that it quotes.
type ICMPError struct {
	Local, Remote         wire.Addr // source and destination of the quoted packet
	LocalPort, RemotePort uint16
	Seq                   uint32        // of the quoted segment
	Err                   syscall.Errno // ECONNREFUSED, EHOSTUNREACH, ENETUNREACH …
	Hard                  bool          // protocol or port unreachable (RFC 1122 section 4.2.3.9)
	MTU                   int           // packet too big: the next hop's MTU; else 0
}

// Unreachable takes an ICMP error. Only a connection that is being opened ends on one; later even hard errors are only remembered
// for the case that the connection times out (RFC 5927 section 5.2). A quoted segment that is not in flight is ignored (section 4.1).
func (t *Transport) Unreachable(e *ICMPError, now time.Duration) {
	t.now = now
	hash := uint32(hashFlow(t.secrets.table, &e.Local, &e.Remote, e.LocalPort, e.RemotePort))
	r := t.lookup(hash, &e.Local, &e.Remote, e.LocalPort, e.RemotePort)
	switch {
	case r == 0 || r.kind() == refTimeWait:
		t.stats[BadICMP]++
	case r.kind() == refHalfOpen:
		if h := t.halfOpen.at(r.index()); e.Hard && e.Seq == h.iss {
			t.stats[HardICMP]++
			t.freeHalfOpen(r.index(), h)
		}
	default:
		t.connUnreachable(r.index(), e)
	}
}

func (t *Transport) connUnreachable(i uint32, e *ICMPError) {
	c := t.conns.at(i)
	if before(e.Seq, c.sndUna) || !before(e.Seq, c.sndMax()) {
		t.stats[BadICMP]++
		return
	}
	switch {
	case e.MTU > 0:
		t.tooBig(i, c)
	case e.Hard && (c.state == SynSent || c.state == SynRcvd):
		t.stats[HardICMP]++
		t.drop(i, c, e.Err)
	default:
		t.stats[SoftICMP]++
		c.softErr = uint16(e.Err)
	}
}
