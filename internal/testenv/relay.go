package testenv

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Relay joins two veth pairs in a namespace of its own, and does to frames what its Impairment says:
//
//	+-- host namespace --+   +-- the relay's --+   +-- the test's namespace --+
//	| ff-primary == veth | - | veth ==== veth  | - | veth  Env.Dial, curl ... |
//	+--------------------+   +-----------------+   +--------------------------+
type Relay struct {
	Impairment
	// Frames of both directions.
	Passed, Lost, Late, Doubled, TooBig atomic.Int64
}

// String tells what a relay does, and has done: enough to make it do so again.
func (r *Relay) String() string {
	return fmt.Sprintf("relay %+v: %d frames passed, %d lost, %d late, %d doubled, %d too big",
		r.Impairment, r.Passed.Load(), r.Lost.Load(), r.Late.Load(), r.Doubled.Load(), r.TooBig.Load())
}

// relayBuffer is room for what the relay has not looked at yet, in bytes, so that it loses only what it is to lose.
const relayBuffer = 32 << 20

// startRelay relays between two interfaces of a namespace until the test ends.
func (e *Env) startRelay(cfg Impairment, ns, near, far string) *Relay {
	e.t.Helper()
	r := &Relay{Impairment: cfg}
	var ends [2]*os.File
	err := inNamespace(ns, func() (err error) {
		for i, name := range []string{near, far} {
			if ends[i], err = relaySocket(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		e.t.Fatal(fmt.Errorf("open relay: %w", err))
	}
	var running sync.WaitGroup
	for i := range ends {
		d := direction{relay: r, in: ends[i], out: ends[1-i], rng: rand.New(rand.NewPCG(cfg.Seed, uint64(i)))}
		running.Go(d.run)
	}
	e.t.Cleanup(func() {
		missed := overruns(ends[0]) + overruns(ends[1])
		ends[0].Close()
		ends[1].Close()
		running.Wait()
		e.t.Logf("%v, %d missed", r, missed)
	})
	return r
}

func relaySocket(name string) (*os.File, error) {
	iface, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	file, err := packetSocket(iface.Index)
	if err != nil {
		return nil, err
	}
	err = control(file, func(fd int) error {
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, relayBuffer)
	})
	if err != nil {
		file.Close()
		return nil, os.NewSyscallError("setsockopt", err)
	}
	return file, nil
}

// overruns returns how many frames found the buffer of a packet socket full.
func overruns(file *os.File) (n uint32) {
	control(file, func(fd int) error {
		stats, err := unix.GetsockoptTpacketStats(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
		if err == nil {
			n = stats.Drops
		}
		return err
	}) // a count for the log: 0 when it cannot be had
	return n
}

// control runs f on a file's descriptor.
func control(file *os.File, f func(fd int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}
