package cgo_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringstack/cgo"
)

// logged is what DPDK has logged.
var logged struct {
	sync.Mutex
	lines []string
}

// TestMain starts EAL, without hugepages and root's other needs, on the main thread: tests that
// use the mempool's cache of the main lcore would have to run there; these do without.
func TestMain(m *testing.M) {
	runtime.LockOSThread()
	if err := startEAL(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := cgo.Cleanup(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.RemoveAll("/var/run/dpdk/" + prefix())
	os.Exit(code)
}

func prefix() string { return fmt.Sprintf("cgotest%d", os.Getpid()) }

func startEAL() error {
	err := cgo.LogTo(func(line string) {
		logged.Lock()
		defer logged.Unlock()
		logged.lines = append(logged.lines, line)
	})
	if err != nil {
		return err
	}
	return cgo.Init([]string{"cgo.test", "--no-huge", "--iova-mode=va", "-m", "128", "--no-pci", "--no-telemetry",
		"--file-prefix=" + prefix(), "--vdev=net_null0,size=100", "--vdev=net_ring0"})
}

func TestEALStartsOnce(t *testing.T) {
	if err := startEAL(); !errors.Is(err, cgo.ErrInitialised) {
		t.Errorf("second Init: %v", err)
	}
	if v := cgo.Version(); !strings.HasPrefix(v, "DPDK ") {
		t.Errorf("version %q", v)
	}
}

func TestDPDKsLogArrives(t *testing.T) {
	first := func(line string) bool { return strings.HasPrefix(line, "EAL: Detected") }
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		logged.Lock()
		found, lines := slices.ContainsFunc(logged.lines, first), slices.Clone(logged.lines)
		logged.Unlock()
		if found {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("EAL's first words are missing in %q", lines)
		}
	}
}

func TestMempool(t *testing.T) {
	pool, err := cgo.CreateMbufPool("test_pool", 1023, 0, 2176, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Free()
	if found, err := cgo.LookupMempool("test_pool"); err != nil || found.Addr() != pool.Addr() || found.Name() != "test_pool" {
		t.Errorf("lookup: %v", err)
	}
	addrs, iovas := pool.Objects()
	if len(addrs) != 1023 || len(iovas) != 1023 || pool.Size() != 1023 || pool.Available() != 1023 {
		t.Fatalf("%d objects, %d available", len(addrs), pool.Available())
	}
	all := make([]uint64, 1023)
	if !pool.AllocMbufs(all) || pool.Available() != 0 {
		t.Fatalf("cannot take all; %d left", pool.Available())
	}
	if pool.AllocMbufs(make([]uint64, 1)) {
		t.Error("an empty pool gave an mbuf")
	}
	slices.Sort(all)
	slices.Sort(addrs)
	if !slices.Equal(all, addrs) {
		t.Error("what was allocated is not what Objects lists")
	}
	cgo.FreeMbufs(all)
	if pool.Available() != 1023 {
		t.Errorf("%d of 1023 came back", pool.Available())
	}
}

func TestNamesAreLookedUp(t *testing.T) {
	if _, err := cgo.LookupMempool("nothing"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("mempool: %v", err)
	}
	if _, err := cgo.LookupRing("nothing"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("ring: %v", err)
	}
	if _, err := cgo.LookupMemzone("nothing"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("memzone: %v", err)
	}
	if _, err := cgo.PortByName("nothing"); !errors.Is(err, syscall.ENODEV) {
		t.Errorf("port: %v", err)
	}
}

func TestRefusalsCarryTheErrno(t *testing.T) {
	if _, err := cgo.CreateMbufPool(strings.Repeat("x", 60), 63, 0, 2176, 0); !errors.Is(err, syscall.ENAMETOOLONG) {
		t.Errorf("long name: %v", err)
	}
	if _, err := cgo.CreateMbufPool("too_big", 1<<20, 0, 2176, 0); !errors.Is(err, syscall.ENOMEM) {
		t.Errorf("more mbufs than memory: %v", err)
	}
	if _, err := cgo.CreateRing("odd", 100, 0); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("ring of 100: %v", err)
	}
}

func TestMemzone(t *testing.T) {
	zone, err := cgo.ReserveMemzone("test_zone", 1000, 0)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := cgo.LookupMemzone("test_zone"); err != nil || found.Addr() != zone.Addr() || found.Len() < 1000 {
		t.Errorf("lookup: %v", err)
	}
	if _, err := cgo.ReserveMemzone("test_zone", 1000, 0); !errors.Is(err, syscall.EEXIST) {
		t.Errorf("a second one of that name: %v", err)
	}
	segments, err := cgo.Segments()
	if err != nil {
		t.Fatal(err)
	}
	inside := slices.ContainsFunc(segments, func(s cgo.Segment) bool {
		return zone.Addr() >= s.Addr && zone.Addr()+zone.Len() <= s.Addr+s.Len
	})
	if !inside {
		t.Errorf("memzone at %#x lies in none of %+v", zone.Addr(), segments)
	}
	if err := zone.Free(); err != nil {
		t.Error(err)
	}
}

// startPort brings a port up with one queue each way.
func startPort(t *testing.T, name string) cgo.Port {
	t.Helper()
	port, err := cgo.PortByName(name)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := cgo.CreateMbufPool("pool_"+name, 2047, 0, 2176, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Free)
	steps := []error{
		port.Configure(cgo.PortConfig{RxQueues: 1, TxQueues: 1, MTU: 1500}),
		port.SetupRx(0, 512, 0, pool),
		port.SetupTx(0, 512, 0),
		port.Start(),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := port.Stop(); err != nil {
			t.Error(err)
		}
	})
	return port
}

func TestPortSendsAndReceives(t *testing.T) {
	port := startPort(t, "net_null0")
	info, err := port.Info()
	if err != nil || info.Driver != "net_null" || info.MaxRxQueues < 1 {
		t.Fatalf("%+v, %v", info, err)
	}
	mbufs := make([]uint64, 32)
	if n := port.RxBurst(0, mbufs); n != 32 {
		t.Fatalf("received %d of 32", n)
	}
	if n := port.TxBurst(0, mbufs); n != 32 {
		t.Fatalf("sent %d of 32", n)
	}
	stats, err := port.Stats()
	if err != nil || stats.RxPackets != 32 || stats.TxPackets != 32 {
		t.Errorf("%+v, %v", stats, err)
	}
	extended, err := port.Xstats()
	if err != nil || !slices.Contains(extended, cgo.Xstat{Name: "rx_good_packets", Value: 32}) {
		t.Errorf("%v, %v", extended, err)
	}
	if name, err := port.Name(); err != nil || name != "net_null0" {
		t.Errorf("name %q, %v", name, err)
	}
	if link, err := port.Link(); err != nil || !link.Up {
		t.Errorf("%+v, %v", link, err)
	}
	if mac, err := port.MAC(); err != nil || mac == [6]byte{} {
		t.Errorf("MAC %x, %v", mac, err)
	}
	if mtu, err := port.MTU(); err != nil || mtu != 1500 {
		t.Errorf("MTU %d, %v", mtu, err)
	}
}

func TestPortRefuses(t *testing.T) {
	port := startPort(t, "net_ring0")
	if err := port.SetMTU(9000); !cgo.Unsupported(err) {
		t.Errorf("MTU: %v", err)
	}
	if err := port.Configure(cgo.PortConfig{RxQueues: 1, TxQueues: 1}); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("configure while started: %v", err)
	}
	if _, err := cgo.Port(31).Info(); !errors.Is(err, syscall.ENODEV) {
		t.Errorf("no such port: %v", err)
	}
	if ports := cgo.Ports(); len(ports) != 2 {
		t.Errorf("ports %v, want 2", ports)
	}
}

func BenchmarkNullBurst32(b *testing.B) {
	port, err := cgo.PortByName("net_null0")
	if err != nil {
		b.Fatal(err)
	}
	pool, err := cgo.CreateMbufPool("pool_bench", 2047, 256, 2176, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Free)
	err = errors.Join(port.Configure(cgo.PortConfig{RxQueues: 1, TxQueues: 1, MTU: 1500}),
		port.SetupRx(0, 512, 0, pool), port.SetupTx(0, 512, 0), port.Start())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { port.Stop() })
	mbufs := make([]uint64, 32)
	for b.Loop() {
		port.TxBurst(0, mbufs[:port.RxBurst(0, mbufs)])
	}
}
