package main

import (
	"io"
	"net"
	"runtime"
)

// measureIdle returns the bytes that one side of an idle connection keeps: of the Go heap, of goroutine stacks, and of the
// kernel where it has the connection. What the first connection of a network takes is there for all.
func measureIdle(n network, connections int, _ timing) (float64, error) {
	clients, servers, err := connectIdle(n, 1)
	if err != nil {
		return 0, err
	}
	defer closeAll(clients, servers)
	before, err := memory(n)
	if err != nil {
		return 0, err
	}
	clients, servers, err = connectIdle(n, connections)
	if err != nil {
		return 0, err
	}
	defer closeAll(clients, servers)
	after, err := memory(n)
	return float64(after-before) / float64(2*connections), err
}

// connectIdle opens connections that have carried a request.
func connectIdle(n network, connections int) (clients, servers []net.Conn, err error) {
	clients, servers, err = connect(n, connections)
	buf := make([]byte, requestSize)
	for i := 0; i < len(clients) && err == nil; i++ {
		if _, err = clients[i].Write(buf); err == nil {
			_, err = io.ReadFull(servers[i], buf)
		}
	}
	return clients, servers, err
}

func memory(n network) (int64, error) {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // the second empties the pools
	runtime.ReadMemStats(&m)
	outside, err := n.Outside()
	return int64(m.HeapAlloc+m.StackInuse) + outside, err
}
