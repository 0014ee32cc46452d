package reasm

import (
	"encoding/binary"
	"time"

	"ringstack/stack/wire"
)

// Add takes a fragment. With Done it returns the whole packet from its IP header on, as if it had never been
// fragmented; the slice is valid until the next call. An atomic IPv6 fragment is not for Add (RFC 6946 section 4).
func (t *Table) Add(f *Fragment, now time.Duration) (packet []byte, r Result) {
	end := f.Offset + len(f.Data)
	switch {
	case len(f.Data) == 0:
		return nil, Empty
	case f.More && len(f.Data)%8 != 0:
		return nil, BadLength
	case f.Offset == 0 && (len(f.Header) > maxHeader || len(f.Header) < wire.IPv4Len):
		return nil, BadHeader
	case end > maxPacket-t.headerRoom(f):
		return nil, TooLong
	}
	slot := t.open(&f.Key, now)
	d := &t.datagrams[slot]
	if d.dead {
		return nil, Dead
	}
	if r = t.add(slot, d, f, end); r != Held {
		return nil, r
	}
	if !d.complete() {
		return nil, Held
	}
	t.count.Completed++
	if r = Done; d.reach()+int(d.headerLen)-t.fixedLen(d) > maxPacket {
		r = TooLong
	} else {
		packet = t.rebuild(d)
	}
	t.remove(slot)
	return packet, r
}

// headerRoom is what the length field of the packet counts beside the fragmentable part, as far as f tells.
func (t *Table) headerRoom(f *Fragment) int {
	switch {
	case f.Src.Is4():
		return wire.IPv4Len
	case f.Offset == 0:
		return len(f.Header) - wire.IPv6Len
	}
	return 0
}

// fixedLen is the part of the header that the length field does not count.
func (t *Table) fixedLen(d *datagram) int {
	if d.key.Src.Is4() {
		return 0
	}
	return wire.IPv6Len
}

func (t *Table) add(slot uint32, d *datagram, f *Fragment, end int) Result {
	if !d.fits(end, f.More) {
		return t.kill(d, Overlap)
	}
	at, free := d.place(f.Offset, end)
	if !free {
		if s := d.spans[at]; f.Offset >= int(s.start) && end <= int(s.end) && t.equal(d, f.Offset, f.Data) {
			return Duplicate
		}
		return t.kill(d, Overlap)
	}
	if !d.insert(at, f.Offset, end) {
		return t.kill(d, TooMany)
	}
	t.store(slot, f.Offset, f.Data)
	if !f.More {
		d.total = end
	}
	if f.Offset == 0 {
		d.headerLen, d.nextAt, d.nextHeader = uint8(copy(d.header[:], f.Header)), uint8(f.NextAt), f.Next
	}
	d.ecn |= 1 << (f.ECN & wire.ECNMask)
	return Held
}

// kill gives a datagram up; its slot drops what follows until the timeout (RFC 5722 section 4).
func (t *Table) kill(d *datagram, why Result) Result {
	t.freeData(d)
	d.dead = true
	return why
}

// rebuild writes the whole packet.
func (t *Table) rebuild(d *datagram) []byte {
	t.out = append(t.out[:0], d.header[:d.headerLen]...)
	t.out = t.appendData(t.out, d, d.total)
	if d.key.Src.Is4() {
		h := t.out[:d.headerLen]
		binary.BigEndian.PutUint16(h[2:], uint16(len(t.out)))
		binary.BigEndian.PutUint16(h[6:], 0)
		h[1] = h[1]&^wire.ECNMask | d.ecnField()
		binary.BigEndian.PutUint16(h[10:], 0)
		binary.BigEndian.PutUint16(h[10:], ^wire.Fold(wire.Sum(h, 0)))
		return t.out
	}
	binary.BigEndian.PutUint16(t.out[4:], uint16(len(t.out)-wire.IPv6Len))
	t.out[d.nextAt] = d.nextHeader
	t.out[1] = t.out[1]&^(wire.ECNMask<<4) | d.ecnField()<<4
	return t.out
}

// ecnField is the ECN field of the whole: CE if a fragment has it, else what all agree on, else not ECT
// (RFC 3168 section 5.3).
func (d *datagram) ecnField() uint8 {
	switch d.ecn {
	case 1 << wire.ECT0:
		return wire.ECT0
	case 1 << wire.ECT1:
		return wire.ECT1
	}
	if d.ecn&(1<<wire.ECNCE) != 0 && d.ecn&(1<<wire.ECNNot) == 0 {
		return wire.ECNCE
	}
	return wire.ECNNot
}
