package main

import (
	"io"
	"net"
	"runtime"
)

// measureIdle returns the bytes that one side of an idle connection keeps, which has carried a request. They are of the Go heap, of
// goroutine stacks, and of the kernel where it has the connection.
func measureIdle(n network, connections int, _ timing) (float64, error) {
	before, err := memory(n)
	if err != nil {
		return 0, err
	}
	clients, servers, err := connect(n, connections)
	if err != nil {
		return 0, err
	}
	defer closeAll(clients, servers)
	buf := make([]byte, requestSize)
	for i := range clients {
		if err := carry(clients[i], servers[i], buf); err != nil {
			return 0, err
		}
	}
	after, err := memory(n)
	return float64(after-before) / float64(2*connections), err
}

// carry sends bytes from one end to the other.
func carry(from, to net.Conn, b []byte) error {
	if _, err := from.Write(b); err != nil {
		return err
	}
	_, err := io.ReadFull(to, b)
	return err
}

func memory(n network) (int64, error) {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // the second empties the pools
	runtime.ReadMemStats(&m)
	outside, err := n.Outside()
	return int64(m.HeapAlloc+m.StackInuse) + outside, err
}
