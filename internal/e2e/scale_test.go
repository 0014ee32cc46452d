package e2e

import (
	"net"
	"strconv"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// TestScale grows a service from one secondary to four and shrinks it again, with 500 connections that carry parcels all the time.
func TestScale(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	s := &scale{t: t, e: e, tool: e.Tool()}
	var procs []*testenv.Process
	for _, n := range []int{200, 100, 100, 100} {
		procs = append(procs, e.Secondary(courier))
		s.live = len(procs)
		wantSettled(t, s.tool)
		s.wantEven()
		s.load(n)
	}
	s.wantMore()

	drained := make(chan testenv.Result, len(procs))
	for i := len(procs) - 1; i > 0; i-- {
		go func() { drained <- runFF(t, e, "drain", "-p", strconv.Itoa(i), "--timeout", "60s") }()
		wantProc(t, e, i, "draining")
		s.live = i
		wantSettled(t, s.tool)
		s.wantEven()
	}
	s.wantMore()
	for i := range procs[1:] {
		wantProc(t, e, i+1, "draining")
	}
	s.finish()
	for _, p := range procs[1:] {
		if got := <-drained; got.Code != 0 || got.Stderr != "" {
			t.Errorf("ff drain: %+v", got)
		}
		wantExit(t, p, 0, "serves")
		awaitBalance(t, s.tool, p.Cmd.Process.Pid)
	}
	wantProc(t, e, 0, "live")
	testenv.Eventually(t, 5*time.Second, "no flow is pinned any more", func() bool {
		return testenv.Stats(t, s.tool)["dispatch.pins"] == 0
	})
}

// scale is a service of which the first secondaries take new connections.
type scale struct {
	t    *testing.T
	e    *testenv.Env
	tool *msg.Client
	live int
	port int // of the client that came last

	deliveries []*deliveries
}

// load opens connections that stay.
func (s *scale) load(n int) {
	s.deliveries = append(s.deliveries, deliverSlowly(s.t, s.e, testenv.Stack4+":80", n, 32<<10, 200*time.Millisecond))
}

func (s *scale) wantMore() {
	s.t.Helper()
	for _, d := range s.deliveries {
		d.wantMore(20 * time.Second)
	}
}

func (s *scale) finish() {
	s.t.Helper()
	for _, d := range s.deliveries {
		d.finish()
		d.hangUp()
	}
}

// wantSettled waits until a change of a group's members has taken effect on new connections.
func wantSettled(t *testing.T, tool *msg.Client) {
	t.Helper()
	testenv.Eventually(t, time.Second, "no bucket moves", func() bool {
		return testenv.Stats(t, tool)["dispatch.moving_buckets"] == 0
	})
}

// wantEven makes new connections, whose hashes are spread evenly as those of ports that follow each other are, and checks who gets them.
func (s *scale) wantEven() {
	s.t.Helper()
	const n = 512
	before := s.accepted()
	for range n {
		s.visit()
	}
	even := float64(n) / float64(s.live)
	after := s.accepted()
	for proc := range after {
		got := after[proc] - before[proc]
		switch {
		case proc >= s.live && got != 0:
			s.t.Errorf("proc %d drains and gets %d new connections", proc, got)
		case proc < s.live && (float64(got) < 0.9*even || float64(got) > 1.1*even):
			s.t.Errorf("proc %d of %d gets %d of %d new connections", proc, s.live, got, n)
		}
		s.t.Logf("%d take new connections: proc %d gets %d of %d", s.live, proc, got, n)
	}
}

// firstClient is below the ports that the kernel chooses.
const firstClient = 10_000

func (s *scale) visit() {
	s.t.Helper()
	local := &net.TCPAddr{Port: firstClient + s.port}
	s.port++
	err := s.e.In(func() error {
		c, err := (&net.Dialer{LocalAddr: local, Timeout: answerWithin}).Dial("tcp4", testenv.Stack4+":80")
		if err != nil {
			return err
		}
		return c.Close()
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// accepted returns how many connections each secondary has had.
func (s *scale) accepted() map[int]int {
	s.t.Helper()
	rows := testenv.Ask[[]msg.SysctlRow](s.t, s.tool, msg.KindSysctl, msg.SysctlRequest{Proc: msg.AnyProc, Name: accepts})
	all := make(map[int]int)
	for _, row := range rows {
		n, err := strconv.Atoi(row.Value)
		if err != nil {
			s.t.Fatalf("%s of proc %d: %+v", accepts, row.Proc, row)
		}
		all[row.Proc] = n
	}
	return all
}
