package reasm

import (
	"encoding/binary"
	"math/bits"
	"time"

	"ringstack/stack/siphash"
	"ringstack/stack/wheel"
)

// Table holds the datagrams that are under way.
type Table struct {
	config     Config
	key        siphash.Key
	buckets    []uint32
	datagrams  []datagram // from 1
	free       uint32
	oldest     uint32
	newest     uint32
	n          int
	chunks     [][]byte // from 1
	freeChunks []uint16
	maxChunks  int
	timers     *wheel.Wheel
	out        []byte // the packet that Add or Expire returned last
	count      Counters
}

// New returns an empty table. It takes most of its memory as fragments come.
func New(config Config) *Table {
	config.defaults()
	t := &Table{
		config:    config,
		key:       config.Key,
		buckets:   make([]uint32, 1<<bits.Len(uint(config.Datagrams-1))),
		datagrams: make([]datagram, config.Datagrams+1),
		chunks:    make([][]byte, 1),
		maxChunks: config.Memory / chunkSize,
		timers:    wheel.New(resolution),
		out:       make([]byte, 0, maxPacket+maxHeader),
	}
	t.freeChunks = make([]uint16, 0, t.maxChunks)
	for slot := config.Datagrams; slot > 0; slot-- {
		t.datagrams[slot].next = t.free
		t.free = uint32(slot)
	}
	return t
}

// Len returns how many datagrams are under way, those given up included.
func (t *Table) Len() int { return t.n }

// Counters returns the counters as they are.
func (t *Table) Counters() Counters { return t.count }

func (t *Table) bucket(k *Key) *uint32 {
	w := func(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
	h := t.key.Words5(w(k.Src[:]), w(k.Src[8:]), w(k.Dst[:]), w(k.Dst[8:]), uint64(k.ID)<<24|uint64(k.Proto)<<16|uint64(k.Port))
	return &t.buckets[h&uint64(len(t.buckets)-1)]
}

// open returns the datagram of a key, a new one if there is none.
func (t *Table) open(k *Key, now time.Duration) uint32 {
	for slot := *t.bucket(k); slot != 0; slot = t.datagrams[slot].next {
		if t.datagrams[slot].key == *k {
			return slot
		}
	}
	t.makeRoom(k)
	slot := t.free
	d := &t.datagrams[slot]
	t.free = d.next
	bucket := t.bucket(k)
	*d = datagram{key: *k, next: *bucket, older: t.newest, total: -1}
	*bucket = slot
	if t.newest != 0 {
		t.datagrams[t.newest].newer = slot
	} else {
		t.oldest = slot
	}
	t.newest = slot
	t.n++
	t.timers.Set(slot, now+t.timeout(k))
	return slot
}

func (t *Table) timeout(k *Key) time.Duration {
	if k.Src.Is4() {
		return t.config.Timeout4
	}
	return t.config.Timeout6
}

// makeRoom gives up the oldest datagram of a source that has too many under way, or of all when the table is full.
func (t *Table) makeRoom(k *Key) {
	first, n := uint32(0), 0
	for slot := t.oldest; slot != 0; slot = t.datagrams[slot].newer {
		if t.datagrams[slot].key.Src == k.Src {
			if n++; first == 0 {
				first = slot
			}
		}
	}
	if n < t.config.PerSource {
		if t.free != 0 {
			return
		}
		first = t.oldest
	}
	t.count.Evicted++
	t.remove(first)
}

func (t *Table) remove(slot uint32) {
	d := &t.datagrams[slot]
	t.freeData(d)
	t.timers.Cancel(slot)
	link := t.bucket(&d.key)
	for *link != slot {
		link = &t.datagrams[*link].next
	}
	*link = d.next
	t.unlinkAge(d)
	d.next = t.free
	t.free = slot
	t.n--
}

func (t *Table) unlinkAge(d *datagram) {
	if d.older != 0 {
		t.datagrams[d.older].newer = d.newer
	} else {
		t.oldest = d.newer
	}
	if d.newer != 0 {
		t.datagrams[d.newer].older = d.older
	} else {
		t.newest = d.older
	}
}
