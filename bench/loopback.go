package main

import (
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// loopback is the kernel's network.
type loopback struct{ server net.Addr }

// Listen implements network.
func (k *loopback) Listen() (net.Listener, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err == nil {
		k.server = l.Addr()
	}
	return l, err
}

// Dial implements network. Each address of the loopback network has ephemeral ports of its own.
func (k *loopback) Dial(i int) (net.Conn, error) {
	var dialer net.Dialer
	if other := i / portsPerAddress; other > 0 {
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(other))}
	}
	return dialer.Dial("tcp4", k.server.String())
}

// Outside implements network. It is what the kernel has allocated for its objects, the sockets among them.
func (k *loopback) Outside() (int64, error) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), "Slab:")
	var kilobytes int64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		return 0, fmt.Errorf("read the kernel's memory: %w", err)
	}
	return kilobytes << 10, nil
}

// Close implements network.
func (k *loopback) Close() {}

// enoughFiles says whether the process may open so many connections, both ends of each, and raises its limit as far as it may.
func enoughFiles(connections int) error {
	const others = 64
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("get limit of files: %w", err)
	}
	need := uint64(2*connections + others)
	if need <= limit.Cur {
		return nil
	}
	higher := unix.Rlimit{Cur: need, Max: max(need, limit.Max)}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &higher); err != nil {
		return fmt.Errorf("it takes %d open files, %d are allowed: %w", need, limit.Max, err)
	}
	return nil
}
