package main

import (
	"fmt"
	"net"
)

// connect opens connections one after the other and returns both ends of each.
func connect(n network, connections int) (clients, servers []net.Conn, err error) {
	l, err := n.Listen()
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	clients, servers = make([]net.Conn, 0, connections), make([]net.Conn, 0, connections)
	for i := range connections {
		c, err := n.Dial(i)
		if err != nil {
			closeAll(clients, servers)
			return nil, nil, fmt.Errorf("open connection %d: %w", i, err)
		}
		clients = append(clients, c)
		s, err := l.Accept()
		if err != nil {
			closeAll(clients, servers)
			return nil, nil, fmt.Errorf("accept connection %d: %w", i, err)
		}
		servers = append(servers, s)
	}
	return clients, servers, nil
}

// closeAll resets the clients, so that no port waits in TIME-WAIT for the next measurement.
func closeAll(clients, servers []net.Conn) {
	for _, c := range clients {
		if l, ok := c.(interface{ SetLinger(sec int) error }); ok {
			l.SetLinger(0)
		}
		c.Close()
	}
	for _, s := range servers {
		s.Close()
	}
}
