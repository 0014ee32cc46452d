package main

import (
	"io"
	"net"
	"runtime"
)

// measureIdle returns the bytes that one side of an idle connection keeps, which has carried a request: those of the Go heap and
// of goroutine stacks. What the kernel keeps of its own connections is not among them.
func measureIdle(n network, connections int, _ timing) (float64, error) {
	before := memory()
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
	each := float64(memory()-before) / float64(2*connections)
	runtime.KeepAlive(clients)
	runtime.KeepAlive(servers)
	return each, nil
}

// carry sends bytes from one end to the other.
func carry(from, to net.Conn, b []byte) error {
	if _, err := from.Write(b); err != nil {
		return err
	}
	_, err := io.ReadFull(to, b)
	return err
}

func memory() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // the second empties the pools
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
