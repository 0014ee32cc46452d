package neigh

import (
	"testing"
	"time"

	"ringstack/stack/siphash"
	"ringstack/stack/wire"
)

// fuzzHost counts what becomes of frames, and may call back as the stack does.
type fuzzHost struct {
	cache           *Cache
	blocked, reopen bool
	sent, failed    int
	now             time.Duration
}

func (h *fuzzHost) Solicit(port int, target *wire.Addr, to *wire.MAC) {}

func (h *fuzzHost) Resolved(port int, mac *wire.MAC, frame []byte) bool {
	if !h.blocked {
		h.sent++
	}
	return !h.blocked
}

func (h *fuzzHost) Failed(port int, target wire.Addr, frame []byte) {
	h.failed++
	if h.reopen {
		other := *numbered(int(frame[0]) % 16)
		ref := h.cache.Open(port, &other, h.now)
		h.cache.MAC(ref, h.now)
	}
}

// FuzzCache runs calls on a small cache: each is three bytes, what, for whom, and with what. Nothing is lost, and no table grows.
func FuzzCache(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 1, 3, 3, 1, 7, 9, 200, 200})
	f.Add([]byte{0, 1, 0, 1, 1, 3, 9, 255, 255, 1, 1, 3, 9, 255, 255})
	f.Add([]byte{8, 1, 3, 0, 2, 0, 1, 2, 9, 2, 2, 1, 7, 1, 0, 9, 99, 99})
	f.Fuzz(func(t *testing.T, in []byte) {
		h := &fuzzHost{}
		c := New(Config{Key: siphash.Key{K0: 1}, Entries: 8, Frames: 6, PerNeighbour: 3, FrameSize: 32}, h)
		h.cache = c
		queued := 0
		for ; len(in) >= 3; in = in[3:] {
			addr, arg := numbered(int(in[1])%16), in[2]
			port := int(in[1]) / 16 % 2
			mac := wire.MAC{2, 5: arg % 4}
			switch in[0] % 10 {
			case 0:
				c.MAC(c.Open(port, addr, h.now), h.now)
			case 1, 2:
				ref := c.Open(port, addr, h.now)
				before := c.count.QueueFull + c.count.TooLong
				if _, ok := c.MAC(ref, h.now); !ok {
					c.Queue(ref, make([]byte, 1+arg%40), h.now)
					queued++
				}
				queued -= int(c.count.QueueFull + c.count.TooLong - before)
			case 3:
				c.Advertise(port, addr, &Advert{MAC: mac, HasMAC: arg&4 != 0, Solicited: arg&8 != 0, Override: arg&16 != 0, Router: arg&32 != 0}, arg&64 != 0, h.now)
			case 4:
				c.Learn(port, addr, &mac, arg&1 != 0, h.now)
			case 5:
				c.Confirm(c.Open(port, addr, h.now), h.now)
			case 6:
				c.Delete(port, addr)
			case 7:
				h.blocked, h.reopen = arg&1 != 0, arg&2 != 0
			case 8:
				c.Set(port, addr, &mac, h.now)
			default:
				h.now += time.Duration(in[1]) * time.Duration(arg) * time.Millisecond
				c.Poll(h.now)
			}
			c.check(t)
			lost := int(c.count.Unresolved)
			if waiting := c.waiting(); queued != h.sent+lost+waiting || h.failed > lost {
				t.Fatalf("%d frames queued, %d sent, %d given up, %d wait", queued, h.sent, lost, waiting)
			}
		}
	})
}

func (c *Cache) waiting() (n int) {
	c.All(func(e Entry) bool { n += e.Frames; return true })
	return n
}

// check compares the counts with what is there.
func (c *Cache) check(t *testing.T) {
	t.Helper()
	n, incomplete, doubtful, static := 0, 0, 0, 0
	for slot := range c.entries {
		e := &c.entries[slot]
		switch e.state {
		case None:
			continue
		case Incomplete:
			incomplete++
		case Delay, Probe:
			doubtful++
		case Permanent:
			static++
		}
		if n++; c.find(int(e.port), &e.addr) != uint32(slot) {
			t.Fatalf("slot %d is not found", slot)
		}
	}
	if n != c.n || incomplete != c.incomplete || doubtful != c.doubtful || static != c.static {
		t.Fatalf("%d entries (%d), %d incomplete (%d), %d doubtful (%d), %d static (%d)",
			n, c.n, incomplete, c.incomplete, doubtful, c.doubtful, static, c.static)
	}
	free := 0
	for i := c.freeFrames; i != 0; i = c.frames[i].next {
		free++
	}
	if free+c.waiting() != len(c.frames)-1 || len(c.frames) > c.config.Frames+1 {
		t.Fatalf("%d frames, %d free, %d wait", len(c.frames)-1, free, c.waiting())
	}
}
