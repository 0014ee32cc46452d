package tcp

import "ringstack/stack/buf"

// pressed: the pool is nearly used up. Windows stay as they are, and buffers do not grow.
func (t *Transport) pressed() bool { return t.bufs.Free() < t.lowWater() }

func (t *Transport) lowWater() int { return max(t.cfg.Memory/buf.ChunkSize/16, 2*reserve) }

// relieveSome tells the peers whose windows stayed small for want of memory when there is enough again: they would find out only by
// their next probe. Enough is more than what presses, so that windows do not flutter.
func (t *Transport) relieveSome() {
	if t.squeezed && !t.relief.active() && t.bufs.Free() >= t.lowWater()+t.lowWater()/4 {
		t.squeezed = false
		t.begin(&t.relief)
	}
	if t.relief.active() {
		t.step(&t.relief, (*Transport).relieve)
	}
}

func (t *Transport) relieve(i uint32, c *conn) {
	if !c.has(narrow) {
		return
	}
	if c.state.mayReceive() && t.windowUpdate(c) {
		t.stats[SndWinUp]++
		c.set(ackNow)
		t.mark(i, c)
	}
}
