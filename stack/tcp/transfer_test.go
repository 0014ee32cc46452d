package tcp

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "run only this seed of the simulation, with a trace of all segments")
	seedsFlag = flag.Uint64("seeds", defaultSeeds(), "seeds of the simulation")
)

// peerApp drives one end of one connection: it sends total bytes of a known pattern, checks what it reads, and ends.
type peerApp struct {
	t              *Transport
	rng            *rand.Rand
	id             ID
	salt, peerSalt byte
	total, sent    int
	want, got      int
	abortAt        int // bytes sent before Abort; -1: never
	slow           bool
	opened, eof    bool
	ended, aborted bool
	err            syscall.Errno
	bad            string
	now            func() time.Duration
	pause          time.Duration // reads nothing before
}

func pattern(salt byte, off int) byte { return byte(off*7>>3) ^ byte(off>>11) ^ salt }

// keepAlive finds out about a peer whose reset got lost.
func (a *peerApp) keepAlive() {
	a.t.SetKeepAlive(a.id, KeepAlive{Enable: true, Idle: 10 * time.Second, Intvl: time.Second, Count: 100})
}

func (a *peerApp) read() {
	for {
		b := a.t.Peek(a.id)
		if len(b) == 0 {
			break
		}
		n := len(b)
		if a.slow {
			if a.now() < a.pause || a.rng.IntN(4) != 0 {
				return
			}
			if a.rng.IntN(60) == 0 {
				a.pause = a.now() + time.Duration(a.rng.IntN(4000))*time.Millisecond
			}
			n = min(n, 1+a.rng.IntN(400))
		}
		for i := range n {
			if b[i] != pattern(a.peerSalt, a.got+i) && a.bad == "" {
				a.bad = fmt.Sprintf("byte %d differs", a.got+i)
			}
		}
		a.got += n
		a.t.Consume(a.id, n)
	}
	if a.t.EOF(a.id) {
		a.eof = true
	}
}

// turn is the application's part of a turn of the loop; it reports whether it wants another soon.
func (a *peerApp) turn() {
	if !a.opened || a.ended || a.aborted {
		return
	}
	a.read()
	for a.sent < a.total {
		n := min(a.total-a.sent, 1+a.rng.IntN(6000))
		if a.abortAt >= 0 {
			n = min(n, a.abortAt-a.sent)
		}
		b := make([]byte, n)
		for i := range b {
			b[i] = pattern(a.salt, a.sent+i)
		}
		took, err := a.t.Write(a.id, b)
		if err != 0 {
			a.bad = fmt.Sprintf("write: %v", err)
			return
		}
		a.sent += took
		if a.abortAt >= 0 && a.sent >= a.abortAt {
			a.t.Abort(a.id)
			a.aborted = true
			return
		}
		if took < n {
			return
		}
	}
	if a.total >= 0 {
		a.total = -1
		if err := a.t.CloseWrite(a.id); err != 0 {
			a.bad = fmt.Sprintf("close write: %v", err)
		}
	}
	if a.eof {
		a.t.Close(a.id)
	}
}

// appTable routes events to the apps of a host.
type appTable struct {
	apps   map[ID]*peerApp
	accept func(ID) *peerApp
	t      *testing.T
}

func (x *appTable) Accepted(_, id ID) {
	a := x.accept(id)
	a.id, a.opened = id, true
	x.apps[id] = a
	a.t.Take(id)
	a.keepAlive()
}
func (x *appTable) Connected(id ID, err syscall.Errno) {
	a := x.apps[id]
	a.opened = err == 0
	a.err, a.ended = err, err != 0
	a.keepAlive()
}
func (x *appTable) Readable(id ID) {
	if a := x.apps[id]; !a.slow {
		a.read()
	}
}
func (x *appTable) Writable(ID) {}
func (x *appTable) Closed(id ID, err syscall.Errno) {
	a := x.apps[id]
	if a == nil || a.ended {
		x.t.Errorf("Closed(%x, %v) for a connection that is gone", id, err)
		return
	}
	if err != 0 {
		a.slow = false
		a.read()
	}
	a.ended, a.err = true, err
}

func randomLink(r *rand.Rand) linkModel {
	l := linkModel{mtu: 1500, delay: time.Duration(50+r.IntN(50000)) * time.Microsecond}
	pick := func(most float64) float64 {
		if r.IntN(2) == 0 {
			return 0
		}
		return r.Float64() * most
	}
	l.loss, l.dup, l.corrupt, l.reorder, l.mark = pick(0.2), pick(0.1), pick(0.05), pick(0.3), pick(0.1)
	l.noBuffer = pick(0.1)
	l.v6 = r.IntN(3) == 0
	for i := range l.strip {
		l.strip[i] = r.IntN(4) == 0
	}
	if r.IntN(2) == 0 {
		l.jitter = time.Duration(1 + r.Int64N(int64(l.delay)))
	}
	if r.IntN(3) == 0 {
		l.blackout[0] = time.Duration(r.IntN(2000)) * time.Millisecond
		l.blackout[1] = l.blackout[0] + time.Duration(r.IntN(5000))*time.Millisecond
	}
	if r.IntN(4) == 0 {
		l.mtuAt = time.Duration(1 + r.IntN(int(time.Second)))
		l.lowMTU = 576 + r.IntN(700)
		l.icmp = r.IntN(3) != 0
	} else if r.IntN(3) == 0 {
		l.mtu = 576 + r.IntN(1000)
	}
	return l
}

// defaultSeeds is few for the one who waits, and many for CI.
func defaultSeeds() uint64 {
	if os.Getenv("CI") == "true" {
		return 10_000
	}
	return 400
}

// simStats sums all seeds: what the simulation exercised, shown with -v.
var simStats Stats

func TestTransfers(t *testing.T) {
	if *seedFlag != 0 {
		transfer(t, *seedFlag, true)
		return
	}
	for seed := uint64(1); seed <= *seedsFlag; seed++ {
		if transfer(t, seed, false); t.Failed() {
			t.Fatalf("reproduce with: go test ./stack/tcp -run TestTransfers -seed %d", seed)
		}
	}
	for i, n := range simStats {
		t.Logf("%-24s %d", Counter(i), n)
	}
}

// transfer runs one seed: a few connections with random data both ways over a random link.
func transfer(t *testing.T, seed uint64, trace bool) {
	r := rand.New(rand.NewPCG(seed, 7))
	var cfg [2]Config
	for i := range cfg {
		cfg[i].Congestion = Congestion(r.IntN(2))
		cfg[i].Cookies = CookiePolicy(r.IntN(3))
		cfg[i].RecvBuf = 4096 << r.IntN(6)
		cfg[i].SendBuf = 4096 << r.IntN(6)
		cfg[i].NoECN = r.IntN(2) == 0
		cfg[i].SynRetries, cfg[i].SynAckRetries, cfg[i].Retries = 30, 30, 40
		cfg[i].RTOMax = 4 * time.Second
		cfg[i].Memory = 16 << 20
	}
	s := newSim(seed, randomLink(r), cfg)
	if trace {
		s.trace = func(line string) { fmt.Fprintln(os.Stderr, line) }
	}
	a, b := s.hosts[0], s.hosts[1]
	pairs := 1 + r.IntN(3)
	var clients, servers []*peerApp
	mk := func(h *simHost, salt, peerSalt byte) *peerApp {
		app := &peerApp{t: h.tcp, rng: r, salt: salt, peerSalt: peerSalt, total: r.IntN(1 << (4 + r.IntN(15))), abortAt: -1, now: func() time.Duration { return s.now }, slow: r.IntN(4) == 0}
		// A cookie stays good for a while: after an abort whose reset is lost, the peer's retransmission would open a second connection.
		if r.IntN(8) == 0 && app.total > 0 && cfg[1].Cookies != CookiesAlways {
			app.abortAt = r.IntN(app.total) + 1
		}
		return app
	}
	ca := &appTable{apps: map[ID]*peerApp{}, t: t}
	sa := &appTable{apps: map[ID]*peerApp{}, t: t}
	a.app, b.app = ca, sa
	for i := range pairs {
		cl, sv := mk(a, byte(i), byte(i+100)), mk(b, byte(i+100), byte(i))
		cl.want, sv.want = sv.total, cl.total
		clients, servers = append(clients, cl), append(servers, sv)
	}
	sa.accept = func(id ID) *peerApp {
		info, _ := b.tcp.Info(id)
		return servers[info.RemotePort-1000]
	}
	lid, errno := b.tcp.Listen(ListenConfig{Port: 80})
	if errno != 0 {
		t.Fatalf("listen: %v", errno)
	}
	for i, cl := range clients {
		id, errno := a.tcp.Connect(&ConnectConfig{Remote: b.addr, RemotePort: 80, LocalPort: uint16(1000 + i)})
		if errno != 0 {
			t.Fatalf("connect: %v", errno)
		}
		cl.id = id
		ca.apps[id] = cl
	}
	turn := func(apps []*peerApp) func() {
		return func() {
			for _, x := range apps {
				x.turn()
			}
		}
	}
	a.wake, b.wake = turn(clients), turn(servers)
	a.tcp.Flush(0)
	play(t, s, seed, append(clients, servers...))
	b.tcp.CloseListener(lid)
	a.wake, b.wake = nil, nil
	for s.step(s.now + 10*time.Minute) {
	}
	for i, h := range s.hosts {
		st := h.tcp.Stats()
		simStats.Add(&st)
		if u := h.tcp.Usage(); u != (Usage{}) {
			t.Errorf("seed %d: host %d ends with %+v", seed, i, u)
		}
	}
	if s.broken != nil {
		t.Errorf("seed %d: %v", seed, s.broken)
	}
	judge(t, seed, clients, servers)
	judge(t, seed, servers, clients)
}

// play steps until every app has ended. Slow readers need turns without packets.
func play(t *testing.T, s *sim, seed uint64, apps []*peerApp) {
	const limit = 3 * time.Hour
	wake := time.Duration(0)
	for range 1_000_000 {
		busy, reading := false, false
		for _, x := range apps {
			if x.opened && !x.ended && !x.aborted {
				busy = true
				reading = reading || x.slow && x.t.Unread(x.id) > 0
			} else if !x.opened && !x.ended && x.id != 0 {
				busy = true
			}
		}
		if !busy {
			return
		}
		if reading && s.now >= wake {
			wake = s.now + 5*time.Millisecond
			s.put(s.now+5*time.Millisecond, s.hosts[0], Packet{Segment: []byte{0}})
		}
		if !s.step(limit) {
			t.Errorf("seed %d: hang at %v", seed, s.now)
			for _, x := range apps {
				info, _ := x.t.Info(x.id)
				t.Errorf("opened %v ended %v aborted %v eof %v got %d of %d, sent %d, %+v", x.opened, x.ended, x.aborted, x.eof, x.got, x.want, x.sent, info)
			}
			return
		}
	}
	t.Errorf("seed %d: no end by %v", seed, s.now)
}

func judge(t *testing.T, seed uint64, mine, theirs []*peerApp) {
	for i, x := range mine {
		y := theirs[i]
		reset := x.abortAt >= 0 || y.abortAt >= 0
		switch {
		case x.bad != "":
			t.Errorf("seed %d: connection %d: %s", seed, i, x.bad)
		case !reset && (x.got != x.want || !x.eof || !x.ended || x.err != 0):
			t.Errorf("seed %d: connection %d: got %d of %d, eof %v, ended %v, error %v", seed, i, x.got, x.want, x.eof, x.ended, x.err)
		case reset && x.ended && x.err != 0 && x.err != syscall.ECONNRESET && x.err != syscall.ETIMEDOUT && x.err != syscall.ECONNREFUSED:
			t.Errorf("seed %d: connection %d: error %v", seed, i, x.err)
		}
	}
}
