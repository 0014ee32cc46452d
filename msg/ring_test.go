package msg

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// fakeRing is both ends of a ring in memory; full makes it refuse, as a secondary can that moves its end.
type fakeRing struct {
	addrs []uint64
	full  bool
}

func (r *fakeRing) Enqueue(addr uint64) bool {
	if r.full {
		return false
	}
	r.addrs = append(r.addrs, addr)
	return true
}

func (r *fakeRing) Dequeue() (uint64, bool) {
	if len(r.addrs) == 0 {
		return 0, false
	}
	addr := r.addrs[0]
	r.addrs = r.addrs[1:]
	return addr, true
}

type fakeBuffers map[uint64][]byte

func (b fakeBuffers) Buffer(addr uint64) []byte { return b[addr] }

const numBuffers = 8

// pair is a primary's and a secondary's end.
type pair struct {
	in, out fakeRing
	mem     fakeBuffers
	req     *Requester
	resp    *Responder
}

func newPair(handle Handler) *pair {
	p := &pair{mem: fakeBuffers{}}
	var buffers []uint64
	for i := range uint64(numBuffers) {
		addr := 0x1000 + i*MaxMessage
		p.mem[addr] = make([]byte, MaxMessage)
		buffers = append(buffers, addr)
	}
	p.req = NewRequester(&p.in, &p.out, p.mem, buffers)
	p.resp = NewResponder(&p.in, &p.out, p.mem, handle)
	return p
}

// run polls both ends until neither has work.
func (p *pair) run(t *testing.T) {
	t.Helper()
	for range 100_000 {
		asked := p.resp.Poll()
		got, err := p.req.Poll()
		if err != nil {
			t.Fatal(err)
		}
		if !asked && !got {
			return
		}
	}
	t.Fatal("no end")
}

// call makes a call whose result goes to the returned result.
func (p *pair) call(t *testing.T, kind Kind, payload []byte) *result {
	t.Helper()
	var r result
	if err := p.req.Call(kind, payload, r.done); err != nil {
		t.Fatal(err)
	}
	return &r
}

type result struct {
	n     int
	reply []byte
	err   error
}

func (r *result) done(reply []byte, err error) { r.n, r.reply, r.err = r.n+1, reply, err }

func echo(kind Kind, payload []byte) ([]byte, error) { return slices.Clone(payload), nil }

func TestRingReplies(t *testing.T) {
	long := make([]byte, MaxReply)
	for i := range long {
		long[i] = byte(rand.Int())
	}
	part := MaxMessage - HeaderSize
	for _, n := range []int{0, 1, part - 1, part, part + 1, 2 * part, 2*part + 1, MaxReply} {
		p := newPair(func(Kind, []byte) ([]byte, error) { return long[:n], nil })
		got := p.call(t, KindFlows, []byte("all"))
		p.run(t)
		if got.n != 1 || got.err != nil || !bytes.Equal(got.reply, long[:n]) {
			t.Errorf("%d bytes: done %d times with %d bytes, %v", n, got.n, len(got.reply), got.err)
		}
		if len(p.resp.rest) != 0 || len(p.req.free) != numBuffers {
			t.Errorf("%d bytes: %d rests kept, %d buffers free", n, len(p.resp.rest), len(p.req.free))
		}
	}
}

func TestRingManyCallsWithLongReplies(t *testing.T) {
	p := newPair(func(kind Kind, payload []byte) ([]byte, error) { return bytes.Repeat(payload, 5000), nil })
	var results []*result
	for i := range numBuffers + MaxWaiting {
		results = append(results, p.call(t, KindSysctl, fmt.Appendf(nil, "%d,", i)))
	}
	var extra result
	if err := p.req.Call(KindSysctl, nil, extra.done); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("one call too many: %v", err)
	}
	p.run(t)
	for i, r := range results {
		want := strings.Repeat(fmt.Sprintf("%d,", i), 5000)
		if r.n != 1 || r.err != nil || string(r.reply) != want {
			t.Errorf("call %d: done %d times with %d bytes, %v", i, r.n, len(r.reply), r.err)
		}
	}
	if extra.n != 0 {
		t.Error("the refused call was ended too")
	}
}

func TestRingErrors(t *testing.T) {
	for name, c := range map[string]struct {
		handle Handler
		want   syscall.Errno
	}{
		"refusal":   {func(Kind, []byte) ([]byte, error) { return nil, Errorf(syscall.EPERM, "read-only") }, syscall.EPERM},
		"too long":  {func(Kind, []byte) ([]byte, error) { return make([]byte, MaxReply+1), nil }, syscall.EMSGSIZE},
		"long text": {func(Kind, []byte) ([]byte, error) { return nil, Errorf(syscall.EPERM, "%s", make([]byte, 1<<20)) }, syscall.EPERM},
	} {
		p := newPair(c.handle)
		got := p.call(t, KindSysctl, nil)
		p.run(t)
		if got.n != 1 || !errors.Is(got.err, c.want) || got.reply != nil {
			t.Errorf("%s: done %d times, %v", name, got.n, got.err)
		}
	}
}

func TestCallRefusesLongRequest(t *testing.T) {
	p := newPair(echo)
	got := p.call(t, KindSysctl, make([]byte, MaxMessage-HeaderSize))
	p.run(t)
	if got.n != 1 || len(got.reply) != MaxMessage-HeaderSize {
		t.Errorf("the longest request: %d bytes back, %v", len(got.reply), got.err)
	}
	err := p.req.Call(KindSysctl, make([]byte, MaxMessage-HeaderSize+1), got.done)
	if !errors.Is(err, syscall.EMSGSIZE) || got.n != 1 {
		t.Errorf("got %v, done %d times", err, got.n)
	}
}

// TestResponderKeepsFewRests: a primary that never asks for the rest of its long replies is told
// EBUSY, not given a short reply that looks whole.
func TestResponderKeepsFewRests(t *testing.T) {
	p := newPair(func(Kind, []byte) ([]byte, error) { return make([]byte, MaxMessage), nil })
	ask := func(id uint64, flags uint16) (Header, string) {
		Header{ID: id, Kind: KindFlows, Flags: flags}.Put(p.mem[0x1000])
		p.in.Enqueue(0x1000)
		p.resp.Poll()
		p.out.Dequeue()
		h, err := ParseHeader(p.mem[0x1000])
		if err != nil {
			t.Fatal(err)
		}
		return h, string(p.mem[0x1000][HeaderSize : HeaderSize+h.Len])
	}
	for id := range uint64(maxUnfinished) {
		if h, _ := ask(id, 0); h.Status != 0 || h.Flags != FlagMore {
			t.Fatalf("reply %d: %+v", id, h)
		}
	}
	if h, text := ask(maxUnfinished, 0); h.Status != int32(syscall.EBUSY) || h.Flags != 0 {
		t.Errorf("one too many: %+v %s", h, text)
	}
	if h, text := ask(999, FlagMore); h.Status != int32(syscall.EINVAL) {
		t.Errorf("rest of nothing: %+v %s", h, text)
	}
	if h, _ := ask(0, FlagMore); h.Status != 0 || h.Flags != 0 || h.Len != HeaderSize {
		t.Errorf("rest: %+v", h)
	}
	if h, _ := ask(maxUnfinished, 0); h.Status != 0 {
		t.Errorf("with room again: %+v", h)
	}
}

// TestResponderAnswersRubbish: the primary must not take its own request for a reply.
func TestResponderAnswersRubbish(t *testing.T) {
	p := newPair(func(Kind, []byte) ([]byte, error) { t.Error("handled"); return nil, nil })
	Header{ID: 5, Kind: KindPs, Len: MaxMessage}.Put(p.mem[0x1000])
	p.in.Enqueue(0x1000)
	if !p.resp.Poll() || len(p.out.addrs) != 1 {
		t.Fatal("not answered")
	}
	if h, err := ParseHeader(p.mem[0x1000]); err != nil || h.ID != 5 || h.Status == 0 {
		t.Errorf("got %+v, %v", h, err)
	}
}

func TestPollIsBounded(t *testing.T) {
	p := newPair(echo)
	for range numBuffers {
		p.call(t, KindPs, nil)
	}
	for range 10 * burst { // as a primary may that answers every reply at once
		p.in.Enqueue(p.in.addrs[0])
	}
	p.resp.Poll()
	if len(p.out.addrs) != burst {
		t.Errorf("one Poll answered %d requests", len(p.out.addrs))
	}
}
