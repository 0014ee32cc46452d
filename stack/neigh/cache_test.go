package neigh

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ringstack/stack/siphash"
	"ringstack/stack/wire"
)

var (
	alice = wire.From4([4]byte{10, 0, 0, 1})
	macA  = wire.MAC{2, 0, 0, 0, 0, 0xa}
	macB  = wire.MAC{2, 0, 0, 0, 0, 0xb}
)

// host writes down what the cache asks for.
type host struct {
	log     []string
	blocked bool
}

func (h *host) Solicit(port int, target *wire.Addr, to *wire.MAC) {
	if to == nil {
		h.log = append(h.log, "ask "+target.String())
	} else {
		h.log = append(h.log, fmt.Sprintf("probe %s %s", target, to))
	}
}

func (h *host) Resolved(port int, mac *wire.MAC, frame []byte) bool {
	if !h.blocked {
		h.log = append(h.log, fmt.Sprintf("send %s to %s", frame, mac))
	}
	return !h.blocked
}

func (h *host) Failed(port int, target wire.Addr, frame []byte) {
	h.log = append(h.log, fmt.Sprintf("fail %s", frame))
}

func (h *host) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(h.log, "; "); got != strings.Join(want, "; ") {
		t.Errorf("%s\nwant %s", got, strings.Join(want, "; "))
	}
	h.log = nil
}

func rig(config Config) (*Cache, *host) {
	h := new(host)
	config.Key = siphash.Key{K0: 1, K1: 2}
	return New(config, h), h
}

func (c *Cache) state(addr *wire.Addr) State { return c.entries[c.find(0, addr)].state }

func TestLifeOfAnEntry(t *testing.T) {
	c, h := rig(Config{})
	ref := c.Open(0, &alice, 0)
	h.expect(t, "ask 10.0.0.1")
	if _, ok := c.MAC(ref, 0); ok || c.state(&alice) != Incomplete {
		t.Error("resolved before an answer")
	}
	c.Queue(ref, []byte("one"), 0)
	c.Queue(ref, []byte("two"), 0)
	c.Advertise(0, &alice, &Advert{MAC: macA, HasMAC: true, Solicited: true, Override: true}, false, time.Second/2)
	h.expect(t, "send one to 02:00:00:00:00:0a", "send two to 02:00:00:00:00:0a")

	now := 10 * time.Second // within the least reachable time
	if mac, ok := c.MAC(ref, now); !ok || *mac != macA || c.state(&alice) != Reachable {
		t.Errorf("state %s", c.state(&alice))
	}
	now = 60 * time.Second // past the greatest
	if _, ok := c.MAC(ref, now); !ok || c.state(&alice) != Delay {
		t.Errorf("state %s", c.state(&alice))
	}
	c.Poll(now + 4999*time.Millisecond)
	h.expect(t)
	c.Poll(now + 5001*time.Millisecond)
	h.expect(t, "probe 10.0.0.1 02:00:00:00:00:0a")
	if !c.Awaits(0, &alice) {
		t.Error("no answer is expected")
	}
	c.Advertise(0, &alice, &Advert{Solicited: true}, false, now+6*time.Second) // without an address
	if c.state(&alice) != Reachable {
		t.Errorf("state %s", c.state(&alice))
	}
	now += 2 * time.Minute
	c.MAC(ref, now)
	c.Poll(now + 20*time.Second)
	h.expect(t, "probe 10.0.0.1 02:00:00:00:00:0a") // the wheel came once: timers are set from now on
	for range 4 {
		now += 25 * time.Second
		c.Poll(now)
	}
	h.expect(t, "probe 10.0.0.1 02:00:00:00:00:0a", "probe 10.0.0.1 02:00:00:00:00:0a")
	if c.Len() != 0 || c.Valid(ref, 0, &alice) || c.Alive(ref) {
		t.Error("the entry outlives its neighbour")
	}
}

func TestNobodyAnswers(t *testing.T) {
	c, h := rig(Config{})
	c.Queue(c.Open(0, &alice, 0), []byte("x"), 0)
	now := time.Duration(0)
	for range 5 {
		now += time.Second + time.Millisecond
		c.Poll(now)
	}
	h.expect(t, "ask 10.0.0.1", "ask 10.0.0.1", "ask 10.0.0.1", "fail x")
	if _, busy := c.Poll(now); busy || c.Len() != 0 {
		t.Error("the entry is still there")
	}
}

// TestAdvertise is the table of RFC 4861 appendix C for advertisements.
func TestAdvertise(t *testing.T) {
	for _, c := range []struct {
		name                string
		before              State
		solicited, override bool
		mac                 *wire.MAC
		after               State
		wantMAC             wire.MAC
	}{
		{"incomplete, solicited", Incomplete, true, false, &macA, Reachable, macA},
		{"incomplete, unsolicited", Incomplete, false, true, &macA, Stale, macA},
		{"incomplete, no address", Incomplete, true, true, nil, Incomplete, wire.MAC{}},
		{"reachable, other address", Reachable, true, false, &macB, Stale, macA},
		{"reachable, other address, override", Reachable, true, true, &macB, Reachable, macB},
		{"reachable, other address, unsolicited override", Reachable, false, true, &macB, Stale, macB},
		{"reachable, same address, unsolicited", Reachable, false, false, &macA, Reachable, macA},
		{"stale, same address, solicited", Stale, true, false, &macA, Reachable, macA},
		{"stale, other address", Stale, true, false, &macB, Stale, macA},
		{"stale, no address, solicited", Stale, true, false, nil, Reachable, macA},
		{"probe, solicited", Probe, true, false, &macA, Reachable, macA},
		{"probe, other address", Probe, true, false, &macB, Probe, macA},
		{"delay, unsolicited override", Delay, false, true, &macB, Stale, macB},
		{"permanent", Permanent, true, true, &macB, Permanent, macA},
	} {
		cache, _ := rig(Config{})
		slot, e := cache.create(0, &alice)
		cache.setState(e, c.before)
		if e.hasMAC() {
			e.mac = macA
		}
		e.until = time.Hour
		a := Advert{Solicited: c.solicited, Override: c.override}
		if c.mac != nil {
			a.HasMAC, a.MAC = true, *c.mac
		}
		cache.Advertise(0, &alice, &a, false, 0)
		if got := cache.entries[slot]; got.state != c.after || got.mac != c.wantMAC {
			t.Errorf("%s: %s %s", c.name, got.state, got.mac)
		}
	}
}

func TestLearn(t *testing.T) {
	c, h := rig(Config{})
	c.Learn(0, &alice, &macA, false, 0)
	c.Advertise(0, &alice, &Advert{MAC: macA, HasMAC: true}, false, 0)
	if c.Len() != 0 {
		t.Fatal("a stranger made an entry")
	}
	c.Learn(0, &alice, &macA, true, 0)
	if c.state(&alice) != Stale {
		t.Fatalf("state %s", c.state(&alice))
	}
	if mac, ok := c.MAC(c.Open(0, &alice, 0), 0); !ok || *mac != macA || c.state(&alice) != Delay {
		t.Errorf("state %s", c.state(&alice))
	}
	c.Learn(0, &alice, &macB, false, 0)
	if mac, _ := c.MAC(c.Open(0, &alice, 0), 0); *mac != macB {
		t.Errorf("address %s", mac)
	}
	bob := wire.From4([4]byte{10, 0, 0, 2})
	c.Queue(c.Open(0, &bob, 0), []byte("x"), 0)
	c.Learn(0, &bob, &macB, false, 0)
	h.expect(t, "ask 10.0.0.2", "send x to 02:00:00:00:00:0b")
	if c.state(&bob) != Delay {
		t.Errorf("state %s after sending", c.state(&bob))
	}
}

func TestPortsAreApart(t *testing.T) {
	c, _ := rig(Config{})
	c.Learn(1, &alice, &macA, true, 0)
	c.Learn(2, &alice, &macB, true, 0)
	one, two := c.Open(1, &alice, 0), c.Open(2, &alice, 0)
	a, _ := c.MAC(one, 0)
	b, _ := c.MAC(two, 0)
	if *a != macA || *b != macB || c.Valid(one, 2, &alice) {
		t.Errorf("%s, %s", a, b)
	}
}

func TestQueueLimits(t *testing.T) {
	c, h := rig(Config{Frames: 3, PerNeighbour: 2, FrameSize: 4})
	ref := c.Open(0, &alice, 0)
	for _, text := range []string{"a", "b", "c", "longer"} {
		c.Queue(ref, []byte(text), 0)
	}
	bob := wire.From4([4]byte{10, 0, 0, 2})
	other := c.Open(0, &bob, 0)
	c.Queue(other, []byte("d"), 0)
	c.Queue(other, []byte("e"), 0)
	if got := c.Counters(); got.QueueFull != 2 || got.TooLong != 1 {
		t.Errorf("%+v", got)
	}
	h.log = nil
	c.Set(0, &alice, &macA, 0)
	c.Set(0, &bob, &macB, 0)
	h.expect(t, "send b to 02:00:00:00:00:0a", "send c to 02:00:00:00:00:0a", "send d to 02:00:00:00:00:0b")
}

func TestNoBuffer(t *testing.T) {
	c, h := rig(Config{})
	ref := c.Open(0, &alice, 0)
	c.Queue(ref, []byte("a"), 0)
	h.log, h.blocked = nil, true
	c.Learn(0, &alice, &macA, false, 0)
	c.Poll(time.Millisecond)
	h.expect(t)
	h.blocked = false
	if next, ok := c.Poll(10 * time.Millisecond); !ok || next < 10*time.Millisecond {
		t.Errorf("next at %s, %t", next, ok)
	}
	h.expect(t, "send a to 02:00:00:00:00:0a")
}

func numbered(n int) *wire.Addr {
	a := wire.From4([4]byte{10, 1, byte(n >> 8), byte(n)})
	return &a
}

func TestEvictionSparesUsed(t *testing.T) {
	c, _ := rig(Config{Entries: 64})
	for i := range 20 {
		c.Learn(0, numbered(i), &macA, true, 0)
	}
	c.Set(0, numbered(1000), &macB, 0)
	for i := range 2000 { // passers-by
		for used := range 20 {
			c.MAC(c.Open(0, numbered(used), 0), 0)
		}
		c.Learn(0, numbered(2000+i), &macA, true, 0)
	}
	for i := range 20 {
		if c.find(0, numbered(i)) == 0 {
			t.Errorf("used entry %d is gone", i)
		}
	}
	if c.Len() != 64 || c.state(numbered(1000)) != Permanent {
		t.Errorf("%d entries, static one %s", c.Len(), c.state(numbered(1000)))
	}
}

// A scan of addresses that nobody has must not cost the neighbours that are there.
func TestScanEvictsItself(t *testing.T) {
	c, h := rig(Config{Entries: 64})
	for i := range 20 {
		c.Learn(0, numbered(i), &macA, true, 0)
		c.MAC(c.Open(0, numbered(i), 0), 0)
	}
	for i := range 5000 {
		c.Queue(c.Open(0, numbered(1000+i), 0), []byte("x"), 0)
	}
	for i := range 20 {
		if c.find(0, numbered(i)) == 0 {
			t.Errorf("entry %d is gone", i)
		}
	}
	if c.Len() != 64 || len(h.log) < 5000 {
		t.Errorf("%d entries", c.Len())
	}
}

func TestStaticLimit(t *testing.T) {
	c, _ := rig(Config{Entries: 8})
	for i := range 4 {
		if !c.Set(0, numbered(i), &macA, 0) {
			t.Fatalf("static entry %d is refused", i)
		}
	}
	if c.Set(0, numbered(9), &macA, 0) || !c.Set(0, numbered(3), &macB, 0) {
		t.Error("the limit does not hold, or hinders a change")
	}
	for i := range 100 {
		c.Open(0, numbered(100+i), 0)
	}
	if !c.Delete(0, numbered(0)) || c.Delete(0, numbered(0)) || !c.Set(0, numbered(9), &macA, 0) {
		t.Error("Delete")
	}
	n := 0
	c.All(func(e Entry) bool { n++; return n < 5 })
	if n != 5 {
		t.Errorf("%d entries shown", n)
	}
}

func TestNoAllocation(t *testing.T) {
	c, h := rig(Config{Entries: 16, Frames: 4})
	h.log = make([]string, 0, 1)
	var ref Ref
	now := time.Duration(0)
	c.Set(0, &alice, &macA, 0)
	if n := testing.AllocsPerRun(1000, func() {
		now += time.Millisecond
		ref = c.Open(0, &alice, now)
		c.MAC(ref, now)
		c.Confirm(ref, now)
		c.Learn(0, numbered(int(now)), &macB, true, now)
		c.Poll(now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if c.Counters().Evicted < 900 {
		t.Errorf("the test evicts %d entries only", c.Counters().Evicted)
	}
}

func BenchmarkMAC(b *testing.B) {
	c, _ := rig(Config{})
	c.Learn(0, &alice, &macA, true, 0)
	ref := c.Open(0, &alice, 0)
	c.Confirm(ref, 0)
	for b.Loop() {
		if c.Alive(ref) {
			c.MAC(ref, 1)
		}
	}
}
