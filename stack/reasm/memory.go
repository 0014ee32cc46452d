package reasm

import "bytes"

// store copies data to an offset of d. It takes memory from older datagrams when the pool is used up.
func (t *Table) store(slot uint32, offset int, data []byte) {
	for len(data) > 0 {
		n := copy(t.chunk(slot, offset/chunkSize)[offset%chunkSize:], data)
		data, offset = data[n:], offset+n
	}
}

// chunk returns chunk i of a datagram. There is always one to be had: the pool holds a whole
// packet at least, and all datagrams but this one can be given up.
func (t *Table) chunk(slot uint32, i int) []byte {
	d := &t.datagrams[slot]
	if d.chunks[i] == 0 {
		for len(t.freeChunks) == 0 && len(t.chunks) > t.maxChunks {
			t.evictFor(slot)
		}
		d.chunks[i] = t.takeChunk()
	}
	return t.chunks[d.chunks[i]]
}

func (t *Table) takeChunk() uint16 {
	if n := len(t.freeChunks); n > 0 {
		i := t.freeChunks[n-1]
		t.freeChunks = t.freeChunks[:n-1]
		return i
	}
	t.chunks = append(t.chunks, make([]byte, chunkSize))
	return uint16(len(t.chunks) - 1)
}

// evictFor gives up the oldest datagram other than slot.
func (t *Table) evictFor(slot uint32) {
	victim := t.oldest
	if victim == slot {
		victim = t.datagrams[slot].newer
	}
	t.count.Evicted++
	t.remove(victim)
}

func (t *Table) freeData(d *datagram) {
	for i, chunk := range d.chunks {
		if chunk != 0 {
			t.freeChunks = append(t.freeChunks, chunk)
			d.chunks[i] = 0
		}
	}
}

// equal reports whether d has just these bytes at offset already.
func (t *Table) equal(d *datagram, offset int, data []byte) bool {
	for len(data) > 0 {
		have := t.chunks[d.chunks[offset/chunkSize]][offset%chunkSize:]
		n := min(len(have), len(data))
		if !bytes.Equal(have[:n], data[:n]) {
			return false
		}
		data, offset = data[n:], offset+n
	}
	return true
}

// appendData appends the first n bytes of d to out. They have come.
func (t *Table) appendData(out []byte, d *datagram, n int) []byte {
	for i := 0; n > 0; i++ {
		piece := t.chunks[d.chunks[i]][:min(n, chunkSize)]
		out = append(out, piece...)
		n -= len(piece)
	}
	return out
}
