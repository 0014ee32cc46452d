package stack

import "encoding/binary"

// loopback is a ring of IP packets to ourselves. Each has its length before it; a length of 0 sends the reader
// back to the start.
type loopback struct {
	ring       []byte
	head, tail int // next packet to read, next place to write
	used       int // bytes between them, with what is skipped at the end
	opened     int // place of the packet that is being written
}

const loopHead = 4 // bytes of a length

// room returns n bytes for a packet, nil when the ring is full.
func (l *loopback) room(n int) []byte {
	need := (loopHead + n + 7) &^ 7
	if l.used == 0 {
		l.head, l.tail = 0, 0
	}
	if l.tail >= l.head && len(l.ring)-l.tail < need+loopHead {
		if l.head <= need || l.used > 0 && l.head == l.tail {
			return nil
		}
		binary.LittleEndian.PutUint32(l.ring[l.tail:], 0)
		l.used += len(l.ring) - l.tail
		l.tail = 0
	} else if l.tail < l.head && l.head-l.tail < need || l.used+need > len(l.ring) {
		return nil
	}
	l.opened = l.tail
	binary.LittleEndian.PutUint32(l.ring[l.tail:], uint32(n))
	return l.ring[l.tail+loopHead:][:n]
}

// commit queues the packet that room gave room for.
func (l *loopback) commit() {
	need := (loopHead + int(binary.LittleEndian.Uint32(l.ring[l.opened:])) + 7) &^ 7
	l.tail += need
	l.used += need
}

// next returns the oldest packet, nil when there is none. It stays valid until drop.
func (l *loopback) next() []byte {
	if l.used == 0 {
		return nil
	}
	n := int(binary.LittleEndian.Uint32(l.ring[l.head:]))
	if n == 0 {
		l.used -= len(l.ring) - l.head
		l.head = 0
		return l.next()
	}
	return l.ring[l.head+loopHead:][:n]
}

// drop forgets the packet that next returned.
func (l *loopback) drop() {
	need := (loopHead + int(binary.LittleEndian.Uint32(l.ring[l.head:])) + 7) &^ 7
	l.head += need
	l.used -= need
}

// openLoop is open for a packet to ourselves. Nothing is cut: the ring takes any IP packet.
func (e *Engine) openLoop(n int) []byte {
	o := &e.out
	o.way = toLoop
	if e.loop.ring == nil {
		e.loop.ring = make([]byte, e.config.Loopback)
	}
	if o.frame = e.loop.room(o.header + n); o.frame == nil || o.header+n > maxPacket {
		e.stats[LoopFull]++
		return nil
	}
	return o.frame[o.header:]
}

// maxPacket is the length in bytes of the longest IP packet.
const maxPacket = 65535

// loopBurst bounds the packets to ourselves that one Poll delivers.
const loopBurst = 256

// drainLoop delivers packets to ourselves.
func (e *Engine) drainLoop() {
	for range loopBurst {
		b := e.loop.next()
		if b == nil {
			return
		}
		e.in = packet{b: b, loop: true}
		if b[0]>>4 == 4 {
			e.ipv4Input()
		} else {
			e.ipv6Input()
		}
		e.loop.drop()
	}
}
