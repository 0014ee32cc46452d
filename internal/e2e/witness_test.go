package e2e

import (
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/internal/testenv"
)

// witness sees who answers the SYNs of a test's namespace: it keeps the TTL of each SYN-ACK, and
// the test has given each secondary a TTL of its own.
type witness struct {
	wire *os.File
	mu   sync.Mutex
	seen map[int][]sighting // by destination port
}

type sighting struct {
	at  time.Time
	ttl uint8
}

// Offsets in a frame of IPv4 without options.
const (
	ttlAt      = 14 + 8
	protoAt    = 14 + 9
	dstPortAt  = 14 + 20 + 2
	tcpFlagsAt = 14 + 20 + 13
	synAck     = 0x12
)

// onlySynAcks is a socket filter that passes IPv4 TCP segments with SYN and ACK.
var onlySynAcks = []unix.SockFilter{
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: protoAt},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.IPPROTO_TCP, Jf: 4},
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: tcpFlagsAt},
	{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: synAck},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: synAck, Jf: 1},
	{Code: unix.BPF_RET | unix.BPF_K, K: 64},
	{Code: unix.BPF_RET | unix.BPF_K, K: 0},
}

// newWitness watches until the test ends.
func newWitness(t testing.TB, e *testenv.Env) *witness {
	t.Helper()
	w := &witness{seen: make(map[int][]sighting)}
	err := e.In(func() (err error) {
		w.wire, err = packetSocket(onlySynAcks)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.watch()
	}()
	t.Cleanup(func() {
		w.wire.Close()
		<-done
	})
	return w
}

// witnessBuffer is room for what the witness has not looked at yet, in bytes.
const witnessBuffer = 8 << 20

// packetSocket returns all frames with IPv4 that come in and pass the filter.
func packetSocket(filter []unix.SockFilter) (*os.File, error) {
	const all = 0 // a program may not be empty, and a socket without protocol receives nothing
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, all)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	wire := os.NewFile(uintptr(fd), "wire")
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program); err != nil {
		wire.Close()
		return nil, os.NewSyscallError("attach filter", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, witnessBuffer); err != nil {
		wire.Close()
		return nil, os.NewSyscallError("set buffer", err)
	}
	const ipv4 = unix.ETH_P_IP<<8&0xff00 | unix.ETH_P_IP>>8 // in network byte order
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: ipv4}); err != nil {
		wire.Close()
		return nil, os.NewSyscallError("bind", err)
	}
	return wire, nil
}

func (w *witness) watch() {
	var frame [64]byte
	for {
		n, err := w.wire.Read(frame[:])
		if err != nil {
			return
		}
		if n <= tcpFlagsAt {
			continue
		}
		port := int(frame[dstPortAt])<<8 | int(frame[dstPortAt+1])
		w.mu.Lock()
		w.seen[port] = append(w.seen[port], sighting{time.Now(), frame[ttlAt]})
		w.mu.Unlock()
	}
}

// missed returns how many frames found the witness's buffer full.
func (w *witness) missed() (n uint32) {
	raw, err := w.wire.SyscallConn()
	if err != nil {
		return 0 // closed
	}
	raw.Control(func(fd uintptr) {
		if stats, err := unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			n = stats.Drops
		}
	})
	return n
}

// whoAnswered returns the first sighting of a SYN-ACK to a port from a time on.
func (w *witness) whoAnswered(port int, from time.Time) (sighting, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.seen[port] {
		if !s.at.Before(from) {
			return s, true
		}
	}
	return sighting{}, false
}
