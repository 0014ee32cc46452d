//go:build cgo

package ring_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"unsafe"

	"ringstack/cgo"
	"ringstack/ring"
	"ringstack/shm"
)

// TestInteroperatesWithDPDK works one ring from Go and from C in turn, both ways, round and round.
func TestInteroperatesWithDPDK(t *testing.T) {
	runtime.LockOSThread() // for good: EAL belongs to this thread
	prefix := fmt.Sprintf("ringtest%d", os.Getpid())
	t.Cleanup(func() { os.RemoveAll("/var/run/dpdk/" + prefix) })
	err := cgo.Init([]string{"ring.test", "--no-huge", "-m", "64", "--no-pci", "--no-telemetry",
		"--file-prefix", prefix, "--log-level", "4"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := cgo.CreateRing("interop", 64, 0)
	if err != nil {
		t.Fatal(err)
	}
	addr := c.Addr()
	mem := shm.NewMemory(unsafe.Pointer(c), addr, uint64(unsafe.Sizeof(shm.Ring{}))+64*8)

	t.Run("Go to C", func(t *testing.T) {
		p, err := ring.NewProducer(mem, addr)
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, p.Enqueue, c.Dequeue, c.Count)
	})
	t.Run("C to Go", func(t *testing.T) {
		consumer, err := ring.NewConsumer(mem, addr)
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, c.Enqueue, consumer.Dequeue, c.Count)
	})
}

func exchange(t *testing.T, enqueue, dequeue func([]uint64) int, count func() int) {
	t.Helper()
	var sent, received uint64
	in, out := make([]uint64, 80), make([]uint64, 80)
	for round := range 1000 {
		n := round % len(in)
		for i := range n {
			in[i] = sent + uint64(i)
		}
		n = enqueue(in[:n])
		sent += uint64(n)
		if got := count(); got != int(sent-received) || n > 63 {
			t.Fatalf("round %d: rte_ring_count is %d, %d are in the ring", round, got, sent-received)
		}
		for _, obj := range out[:dequeue(out[:round*7%len(out)])] {
			if obj != received {
				t.Fatalf("round %d: received %d, want %d", round, obj, received)
			}
			received++
		}
	}
	if received < 10*64 {
		t.Fatalf("only %d objects went through: no wrap-around", received)
	}
	for dequeue(out) > 0 {
	}
}
