package dispatch

const (
	fragmentUnit = 8     // bytes in which offsets count
	maxIPLength  = 65535 // of a packet put together again
)

// fragmentHeader is what IPv4 and IPv6 say about a fragment, in bytes.
type fragmentHeader struct {
	offset int
	more   bool
	id     uint32
	before int // headers in front of the fragment's data
	length int // of the fragment's data
}

// fragment checks h and notes it. h is not that of a whole packet.
func (p *Packet) fragment(h fragmentHeader) Reason {
	switch {
	case h.length == 0, h.more && h.length%fragmentUnit != 0, h.before+h.offset+h.length > maxIPLength:
		return ReasonBadFragment
	case p.Proto == ProtoTCP && h.offset == fragmentUnit:
		// Could overwrite the flags of the first fragment (RFC 1858, 3.2.2).
		return ReasonTinyFragment
	}
	p.Fragment = FragmentLater
	if h.offset == 0 {
		p.Fragment = FragmentFirst
	}
	p.FragID = h.id
	p.fragStart, p.fragEnd, p.fragMore = uint16(h.offset), uint16(h.offset+h.length), h.more
	return ReasonNone
}

// fragmentKey names the datagram that a fragment is of. IPv6 has no protocol
// in it (RFC 8200, 4.5). What comes in by two NIC ports is not put together.
type fragmentKey struct {
	local, remote [16]byte
	id            uint32
	port          uint16 // of the NIC
	proto         uint8
}

func (p *Packet) fragmentKey(port int) fragmentKey {
	k := fragmentKey{local: p.Flow.Local, remote: p.Flow.Remote, id: p.FragID, port: uint16(port)}
	if p.Version == 4 {
		k.proto = p.Proto
	}
	return k
}

// fragment sends all fragments of a datagram where its first one goes, which
// alone has the ports. Those that come before it wait for it.
func (t *Table) fragment(port int, p *Packet) Verdict {
	d := t.frags.open(p.fragmentKey(port), t.now)
	if p.Fragment == FragmentFirst {
		return t.frags.direct(d, p, t.steer(p, 0, false), t.now)
	}
	return t.frags.follow(d, p)
}

// Hold keeps a frame for which Decide has just returned the action Hold. frame
// stands for it, whatever the caller likes. It comes back once: in Released
// when the first fragment of its datagram is delivered, else in Abandoned.
func (t *Table) Hold(frame uint64) { t.frags.hold(frame) }

// Released returns the frames that waited for the packet for which Decide has
// just returned the action Release, in the order of their arrival. The slice is
// valid until the next call of Decide.
func (t *Table) Released() []uint64 { return t.frags.released }

// Abandoned is a frame that was held in vain.
type Abandoned struct {
	Frame  uint64
	Reason Reason
}

// Abandoned returns the frames that are held no longer since the last call, the
// overdue among them. Once a burst is enough. The slice is valid until the
// next call of Decide.
func (t *Table) Abandoned() []Abandoned { return t.frags.collect(t.now) }
