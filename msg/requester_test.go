package msg

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

// hostile answers the one call under way with what spoil makes of the header of a good reply.
func hostile(t *testing.T, spoil func(p *pair, buf uint64, h Header) Header) error {
	t.Helper()
	p := newPair(nil)
	got := p.call(t, KindFlows, nil)
	buf, _ := p.in.Dequeue()
	spoil(p, buf, Header{ID: 1, Kind: KindFlows, Len: 4}).Put(p.mem[buf])
	p.out.Enqueue(buf)
	var err error
	for range 3 {
		if _, err = p.req.Poll(); err != nil {
			break
		}
	}
	n := got.n
	p.req.Fail(errGone)
	p.req.Fail(errors.New("again"))
	if got.n != 1 || n == 0 && got.err != errGone {
		t.Errorf("the call was ended %d times, %v", got.n, got.err)
	}
	if _, pollErr := p.req.Poll(); pollErr != nil {
		t.Errorf("poll after Fail: %v", pollErr)
	}
	if callErr := p.req.Call(KindPs, nil, got.done); !errors.Is(callErr, errGone) {
		t.Errorf("call after Fail: %v", callErr)
	}
	return err
}

var errGone = errors.New("gone")

func TestRequesterViolations(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(p *pair, buf uint64, h Header) Header
		want  string
	}{
		"wrong id": {func(_ *pair, _ uint64, h Header) Header { h.ID++; return h }, "flows 2 where flows 1 goes on"},
		"kind":     {func(_ *pair, _ uint64, h Header) Header { h.Kind = KindPs; return h }, "ps 1 where flows 1 goes on"},
		"no kind":  {func(_ *pair, _ uint64, h Header) Header { h.Kind = 0; return h }, "kind 0"},
		"length":   {func(_ *pair, _ uint64, h Header) Header { h.Len = MaxMessage - HeaderSize + 1; return h }, "length 10217"},
		"status":   {func(_ *pair, _ uint64, h Header) Header { h.Status = -1; return h }, "status -1"},
		"endless":  {func(_ *pair, _ uint64, h Header) Header { h.Len, h.Flags = 0, FlagMore; return h }, "empty part"},
		"unknown buffer": {func(p *pair, _ uint64, h Header) Header {
			p.out.Enqueue(0xdead)
			return h
		}, "buffer 0xdead was not sent"},
		"known but not sent": {func(p *pair, buf uint64, h Header) Header {
			p.out.Enqueue(p.req.free[0])
			return h
		}, "was not sent"},
		"duplicate": {func(p *pair, buf uint64, h Header) Header {
			p.out.Enqueue(buf)
			return h
		}, "was not sent"},
		"full ring": {func(p *pair, _ uint64, h Header) Header {
			p.in.full = true
			h.Flags = FlagMore
			return h
		}, "request ring is full"},
	} {
		err := hostile(t, c.spoil)
		if !errors.Is(err, ErrViolation) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestReplyTooLong(t *testing.T) {
	p := newPair(nil)
	got := p.call(t, KindFlows, nil)
	for range MaxReply {
		buf, ok := p.in.Dequeue()
		if !ok {
			t.Fatal("not asked for more")
		}
		Header{ID: 1, Kind: KindFlows, Flags: FlagMore, Len: MaxMessage - HeaderSize}.Put(p.mem[buf])
		p.out.Enqueue(buf)
		if _, err := p.req.Poll(); err != nil {
			if !errors.Is(err, ErrViolation) || !errors.Is(err, syscall.EMSGSIZE) || got.n != 0 {
				t.Errorf("got %v, done %d times", err, got.n)
			}
			return
		}
	}
	t.Fatal("no end")
}

// TestFullRingShowsInPoll: a request that could not be sent is not forgotten.
func TestFullRingShowsInPoll(t *testing.T) {
	p := newPair(echo)
	p.in.full = true
	got := p.call(t, KindPs, nil)
	if _, err := p.req.Poll(); !errors.Is(err, ErrViolation) {
		t.Errorf("got %v", err)
	}
	p.req.Fail(errGone)
	p.in.full = false
	if worked, err := p.req.Poll(); worked || err != nil || len(p.in.addrs) > 0 {
		t.Errorf("after Fail: worked %v, %v, %d requests sent", worked, err, len(p.in.addrs))
	}
	if got.n != 1 || got.err != errGone {
		t.Errorf("done %d times, %v", got.n, got.err)
	}
}

func TestRequesterPollIsBounded(t *testing.T) {
	p := newPair(nil)
	p.call(t, KindFlows, nil)
	req := &eagerRing{p: p}
	p.req.out = req
	if _, err := p.req.Poll(); err != nil {
		t.Fatal(err)
	}
	if req.n != burst {
		t.Errorf("one Poll took %d parts", req.n)
	}
}

// eagerRing answers each request for more with more, at once.
type eagerRing struct {
	fakeRing
	p *pair
	n int
}

func (r *eagerRing) Dequeue() (uint64, bool) {
	buf, _ := r.p.in.Dequeue()
	Header{ID: 1, Kind: KindFlows, Flags: FlagMore, Len: 1}.Put(r.p.mem[buf])
	r.n++
	return buf, true
}

func TestDoneMayCallAndFail(t *testing.T) {
	p := newPair(echo)
	var second result
	n := 0
	first := func([]byte, error) {
		if err := p.req.Call(KindPs, []byte("2"), second.done); err != nil {
			t.Error(err)
		}
	}
	if err := p.req.Call(KindPs, []byte("1"), first); err != nil {
		t.Fatal(err)
	}
	p.run(t)
	if second.n != 1 || string(second.reply) != "2" {
		t.Errorf("call from done: %+v", second)
	}
	for range numBuffers + 5 {
		err := p.req.Call(KindPs, nil, func([]byte, error) {
			n++
			p.req.Fail(errGone)
			if err := p.req.Call(KindPs, nil, nil); !errors.Is(err, errGone) {
				t.Errorf("call after Fail: %v", err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	p.run(t)
	if n != numBuffers+5 {
		t.Errorf("%d calls ended, want %d", n, numBuffers+5)
	}
}

// FuzzRequester plays a hostile secondary: each step of the script is an operation, a choice and
// bytes to write over the header.
func FuzzRequester(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 0, 2, 0, 1, 1})
	f.Add([]byte("\x00\x00\x03\x00\x14\xff\x04\x00\x00\x00\x02\x00"))
	f.Add([]byte{0, 0, 5, 0, 2, 0, 0, 0, 6, 0, 1, 0, 0, 0, 7, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		p := newPair(echo)
		var results []*result
		for ; len(script) >= 4; script = script[4:] {
			op, pick, at, val := script[0]%8, int(script[1]), int(script[2]), script[3]
			switch op {
			case 0, 1:
				r := &result{}
				if p.req.Call(Kind(1+pick%int(numKinds-1)), script[:4], r.done) == nil {
					results = append(results, r)
				}
			case 2: // an honest answer
				p.resp.Poll()
			case 3: // a request comes back with a byte changed
				if buf, ok := p.in.Dequeue(); ok {
					p.mem[buf][at%(2*HeaderSize)] = val
					p.out.Enqueue(buf)
				}
			case 4: // a byte changes in any buffer at any time
				p.mem[0x1000+uint64(pick%numBuffers)*MaxMessage][at%(2*HeaderSize)] = val
			case 5: // a buffer comes back that was not asked for
				p.out.Enqueue(0x1000 + uint64(pick)*MaxMessage/2)
			case 6: // more is promised
				if buf, ok := p.in.Dequeue(); ok {
					p.mem[buf][4], p.mem[buf][20] = byte(FlagMore), val
					p.out.Enqueue(buf)
				}
			case 7:
				p.in.full = !p.in.full
			}
			if pick%2 == 0 {
				continue // several things happen before the next Poll
			}
			if _, err := p.req.Poll(); err != nil {
				if !errors.Is(err, ErrViolation) {
					t.Fatalf("%v is no ErrViolation", err)
				}
				break
			}
			if n := len(p.req.free) + len(p.req.sent); n != numBuffers {
				t.Fatalf("%d buffers", n)
			}
		}
		p.req.Fail(errGone)
		for i, r := range results {
			if r.n != 1 {
				t.Fatalf("call %d was ended %d times", i, r.n)
			}
		}
	})
}
