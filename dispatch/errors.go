package dispatch

import (
	"errors"
	"fmt"
	"syscall"
)

// Errors of the control calls. Each wraps the errno that sockets give.
var (
	// ErrPortTaken: another group owns the port, or it lies in a block that
	// another proc has leased.
	ErrPortTaken = fmt.Errorf("port is taken: %w", syscall.EADDRINUSE)
	// ErrExist: the proc already listens on the port.
	ErrExist = fmt.Errorf("proc already listens: %w", syscall.EEXIST)
	// ErrTooManyPorts: MaxListens ports are owned.
	ErrTooManyPorts = fmt.Errorf("too many owned ports: %w", syscall.ENOBUFS)
	// ErrTooManyLeases: the proc has MaxLeases blocks.
	ErrTooManyLeases = fmt.Errorf("too many leases: %w", syscall.EMFILE)
	// ErrNoLease: every block is leased or has an owned port in it.
	ErrNoLease = fmt.Errorf("no free block of ports: %w", syscall.EADDRNOTAVAIL)
	// ErrNotLive: the proc has not joined.
	ErrNotLive = fmt.Errorf("proc is not live: %w", syscall.ESRCH)
	// ErrProto: only TCP and UDP have ports to own.
	ErrProto = fmt.Errorf("protocol has no ports: %w", syscall.EPROTONOSUPPORT)
	// ErrPortZero: port 0 is on no wire.
	ErrPortZero = errors.New("port 0 cannot be owned")
)
