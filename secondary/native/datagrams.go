package native

import (
	"encoding/binary"

	"ringstack/stack/wire"
)

// What each direction of a UDP socket queues, in bytes with the header of each datagram.
const (
	udpBuffer    = 256 << 10 // unless it is told another bound
	maxUDPBuffer = 16 << 20
)

// datagramLimit is the bound for a buffer of so many bytes, or udpBuffer for 0.
func datagramLimit(bytes int) int {
	if bytes == 0 {
		return udpBuffer
	}
	return max(min(bytes, maxUDPBuffer), leastBuffer)
}

// datagrams is a queue of datagrams, each behind the address of its other end and its length.
type datagrams struct {
	queue
	limit int // bytes
}

const datagramHeader = 16 + 2 + 4

// add appends a datagram; false: there is no room.
func (q *datagrams) add(b []byte, p endpoint) bool {
	if q.n > 0 && q.n+datagramHeader+len(b) > q.limit {
		return false
	}
	var h [datagramHeader]byte
	copy(h[:], p.addr[:])
	binary.LittleEndian.PutUint16(h[16:], p.port)
	binary.LittleEndian.PutUint32(h[18:], uint32(len(b)))
	q.write(h[:])
	q.write(b)
	return true
}

// next copies the first datagram to b as far as it fits and returns its length.
func (q *datagrams) next(b []byte) (n int, p endpoint) {
	n, p = q.header()
	q.peek(b[:min(n, len(b))], datagramHeader)
	return n, p
}

func (q *datagrams) header() (n int, p endpoint) {
	var h [datagramHeader]byte
	q.peek(h[:], 0)
	p = endpoint{wire.Addr(h[:16]), binary.LittleEndian.Uint16(h[16:])}
	return int(binary.LittleEndian.Uint32(h[18:])), p
}

// skip drops the first datagram and returns how many bytes it took.
func (q *datagrams) skip() int {
	n, _ := q.header()
	n += datagramHeader
	q.drop(n)
	return n
}
