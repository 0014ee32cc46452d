package main

import (
	"net"
	"sync/atomic"
)

// role is what a goroutine does at its end of a connection until that is closed. One of the two roles counts.
type role func(c net.Conn, count *atomic.Int64) error

// drive opens connections, gives both ends of each a goroutine with its role, and calls measure while they run.
func drive(n network, connections int, t timing, client, server role, measure func(count *atomic.Int64) error) error {
	clients, servers, err := connect(n, connections)
	if err != nil {
		return err
	}
	var count atomic.Int64
	w := newWorkers()
	for i := range clients {
		w.start(func() error { return server(servers[i], &count) })
		w.start(func() error { return client(clients[i], &count) })
	}
	err = w.observe(t, &count, connections, measure)
	closeAll(clients, servers)
	n.Close()
	w.wait()
	return err
}
