package e2e

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// TestPoolIsEmpty has a secondary that may take all mbufs do so. When it is gone, everything works again.
func TestPoolIsEmpty(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	e.Change("nb_mbufs=8192", "nb_mbufs=2048")
	e.Start()
	tool := e.Tool()
	e.Secondary(httpd)
	wire := e.Wire(e.Peer)
	f := newForger(t, e, wire)
	hog := e.Launch(hostile, "hoard", "1", "0")
	hog.WaitLog("done")
	testenv.Eventually(t, 10*time.Second, "no mbuf is left", func() bool {
		for range 500 {
			send(t, wire, f.udp4(9999))
		}
		stats := testenv.Stats(t, tool)
		return stats["primary.starved"] > 0 && stats["mbuf_pool_0.free"] == 0
	})
	e.Primary.WaitLog("short of mbufs")
	e.Primary.WaitLog("raise nb_mbufs or lower max_mbufs")
	hog.Kill()
	awaitBalance(t, tool, hog.Cmd.Process.Pid)
	wantService(t, e)
}

// wantService makes some requests, each on a connection of its own.
func wantService(t *testing.T, e *testenv.Env) {
	t.Helper()
	for range 20 {
		if _, err := get(browser(e), testenv.Stack4); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRingIsFull stops a secondary while frames come for it. When it goes on, it serves as before.
func TestRingIsFull(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	tool := e.Tool()
	server := e.Secondary(httpd)
	wire := e.Wire(e.Peer)
	f := newForger(t, e, wire)
	wantService(t, e)
	signal := func(s syscall.Signal) {
		if err := server.Cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGSTOP)
	testenv.Eventually(t, 10*time.Second, "its ring is full", func() bool {
		for range 100 {
			send(t, wire, f.udp4(9))
		}
		stats := testenv.Stats(t, tool)
		return stats["drop.ring_full"] > 0 && stats["proc0.rx_ring_full"] == stats["drop.ring_full"]
	})
	e.Primary.WaitLog("short of room on a secondary's ring")
	signal(syscall.SIGCONT)
	testenv.Eventually(t, 5*time.Second, "it has read all", func() bool {
		return testenv.Stats(t, tool)["proc0.dispatch_ring_p0_free"] == 1023
	})
	before := testenv.Stats(t, tool)["drop.ring_full"]
	wantService(t, e)
	if n := testenv.Stats(t, tool)["drop.ring_full"] - before; n > 0 {
		t.Errorf("%d frames more are lost", n)
	}
	wantAllBack(t, tool, []*testenv.Process{server})
}

// TestExceptionTableIsFull has an impostor claim more connections than can be pinned, and stop to listen. New connections to buckets
// that wait for its claims to end are refused under their reason; the others are not, and in the end none is.
func TestExceptionTableIsFull(t *testing.T) {
	const claims, syns = 100000, 2000 // a few hundred of these still find room
	e := testenv.New(t, testenv.Config{})
	tool := e.Tool()
	attach(t, e, "leader") // answers ARP
	wire := e.Wire(e.Peer)
	f := newForger(t, e, wire)
	before := testenv.Stats(t, tool)

	i, err := newImpostor(t, e, "bulk")
	if err != nil {
		t.Fatal(err)
	}
	flows := claimed(claims)
	i.flows.Store(&flows)
	port := msg.PortRequest{Proto: 6, Port: 5000}
	i.ask(t, msg.KindListen, port)
	server := bulkServer(t, e)
	awaitMoves(t, tool)
	i.ask(t, msg.KindUnlisten, port)
	testenv.Eventually(t, 10*time.Second, "the table is full", func() bool {
		stats := testenv.Stats(t, tool)
		return stats["dispatch.pins"] > 65000 && stats["dispatch.moving_buckets"] > 0
	})
	for n := range uint16(syns) {
		send(t, wire, f.synFrom(n, 5000))
	}
	testenv.Eventually(t, 5*time.Second, "SYNs are dropped", func() bool {
		return testenv.Stats(t, tool)["drop.pins_full"] > before["drop.pins_full"]
	})
	e.Primary.WaitLog("short of room for pinned flows")
	if n := testenv.Stats(t, tool)["drop.pins_full"]; n > syns/2 {
		t.Errorf("%d of %d SYNs were dropped: those of settled buckets too", n, syns)
	}
	i.flows.Store(new([]byte))
	awaitMoves(t, tool)
	full := testenv.Stats(t, tool)["drop.pins_full"]
	bulkConns(t, e, testenv.Stack4, server.ProcID(), 40)
	if stats := testenv.Stats(t, tool); stats["drop.pins_full"] != full || stats["dispatch.pins"] > syns {
		t.Errorf("%d SYNs dropped after that, %d pins", stats["drop.pins_full"]-full, stats["dispatch.pins"])
	}
}

func awaitMoves(t *testing.T, tool *msg.Client) {
	t.Helper()
	testenv.Eventually(t, 10*time.Second, "buckets have moved", func() bool {
		return testenv.Stats(t, tool)["dispatch.moving_buckets"] == 0
	})
}

// claimed is an answer with n connections of the ghost's neighbours.
func claimed(n int) (list []byte) {
	for i := range n {
		remote := netip.AddrFrom4([4]byte{10, 0, byte(i >> 12), 1})
		list = msg.AppendFlow(list, msg.Flow{Local: stack4.As16(), LocalPort: 5000, Remote: remote.As16(), RemotePort: uint16(1024 + i&0xfff)})
	}
	return list
}

// TestTooManyPorts takes every port and every lease that can be had. What is over is refused with an error that says so; what one gives
// back the next one gets.
func TestTooManyPorts(t *testing.T) {
	const procs, portsEach, leasesEach = 17, 256, 32
	e := testenv.New(t, testenv.Config{Keys: []string{fmt.Sprintf("max_procs=%d", procs)}})
	var all []*impostor
	join := func() (*impostor, error) { return newImpostor(t, e, "g") }
	for range procs {
		i, err := join()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, i)
	}
	_, err := join()
	wantErrno(t, "one more secondary", err, syscall.EUSERS, "all 17 slots for secondaries are taken: raise max_procs in [dpdk]")

	last := all[procs-1]
	listen := func(i *impostor, port int) error {
		return i.try(t, msg.KindListen, msg.PortRequest{Proto: 6, Port: uint16(port)})
	}
	var listeners sync.WaitGroup
	for n, i := range all[:procs-1] {
		listeners.Go(func() {
			for port := range portsEach {
				if err := listen(i, 1+n*portsEach+port); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	listeners.Wait()
	wantErrno(t, "one more port of one", listen(all[0], 9000), syscall.ENOBUFS, "a secondary listens on 256 ports at most")
	wantErrno(t, "one more port of all", listen(last, 9000), syscall.ENOBUFS, "too many owned ports")

	lease := func(i *impostor) error { return i.try(t, msg.KindLease, nil) }
	leases := 0
	for _, i := range all {
		for range leasesEach {
			if err = lease(i); err != nil {
				break
			}
			leases++
		}
		if err != nil {
			break
		}
		wantErrno(t, "one more lease of one", lease(i), syscall.EMFILE, "too many leases")
	}
	if leases < 200 {
		t.Errorf("%d leases only", leases)
	}
	wantErrno(t, "one more lease of all", err, syscall.EADDRNOTAVAIL, "no free block of ports")

	all[0].Close()
	tool := e.Tool()
	testenv.Eventually(t, 5*time.Second, "its slot is free", func() bool {
		return len(testenv.Ask[msg.PsReply](t, tool, msg.KindPs, nil).Procs) == procs
	})
	if err := listen(last, 9000); err != nil {
		t.Error(err)
	}
	if err := lease(last); err != nil {
		t.Error(err)
	}
	if _, err := join(); err != nil {
		t.Error(err)
	}
}

func wantErrno(t *testing.T, what string, err error, errno syscall.Errno, text string) {
	t.Helper()
	if !errors.Is(err, errno) || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %v, want %v: %s", what, err, errno, text)
	}
}

// TestNoDescriptors leaves the primary no descriptor for another connection. Those that it has go on; the others wait until one is free.
func TestNoDescriptors(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	server := e.Secondary(httpd)
	tool := e.Tool()
	limit := descriptorLimit(t, e.Primary)
	limit(0)
	waiting := e.Launch(httpd, "--wait", "20s")
	e.Primary.WaitLog("the control socket takes no connections")
	wantService(t, e)
	testenv.Stats(t, tool) // is answered
	limit(1000)
	waiting.WaitLog("serves")
	e.Primary.WaitLog("the control socket takes connections again")
	if n := strings.Count(e.Primary.Log(), "the control socket takes no connections"); n != 1 {
		t.Errorf("told %d times", n)
	}
	wantAllBack(t, tool, []*testenv.Process{server, waiting})
}

// descriptorLimit returns what lets a process open so many files more than it has now.
func descriptorLimit(t *testing.T, p *testenv.Process) func(more int) {
	t.Helper()
	pid := p.Cmd.Process.Pid
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return func(more int) {
		t.Helper()
		var now unix.Rlimit
		err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &now)
		if err == nil {
			err = unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(len(open) + more), Max: now.Max}, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoDescriptorsForALook leaves the primary the descriptors for a connection, but none to see who has connected. It is to wait then: a
// secondary that is not known could not come back to what it had.
func TestNoDescriptorsForALook(t *testing.T) {
	e := testenv.New(t, testenv.Config{Keys: []string{"reattach_grace=600000"}})
	for _, more := range []int{1, 2} {
		limit := descriptorLimit(t, e.Primary)
		limit(more)
		s := e.Launch(httpd)
		testenv.Eventually(t, 5*time.Second, "it has connected", func() bool {
			return slices.Contains(takeInventory(t, s).fds, "socket:[N]")
		})
		time.Sleep(50 * time.Millisecond) // in which it would be served
		limit(1000)
		s.WaitLog("serves")
		signal(t, s, syscall.SIGSTOP)
		e.Restart()
		wantHeldOff(t, e, 1)
		signal(t, s, syscall.SIGCONT)
		wantProc(t, e, 0, "live")
		s.Kill()
		awaitBalance(t, e.Tool(), s.Cmd.Process.Pid)
	}
}
