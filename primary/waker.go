package primary

import (
	"os"
	"slices"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// waker ends the poll loop's sleep when a frame comes. It exists where every port is a
// net_af_packet: that has no receive interrupt, but a poll of its socket tells what its ring has.
//
// The loop arms it before a long sleep. Then its goroutine waits for a frame, wakes the loop, once,
// and waits to be armed again, so that it costs nothing while traffic flows.
type waker struct {
	fds   []unix.PollFd // the sockets, and one that ends the goroutine
	start chan struct{}
	armed atomic.Bool
}

// startWaker finds the ports' sockets, of which DPDK does not tell, among this process's descriptors.
func (p *Primary) startWaker() error {
	if slices.ContainsFunc(p.ports, func(pt *port) bool { return pt.driver != "net_af_packet" }) {
		return nil
	}
	interfaces := make(map[int]bool)
	for _, pt := range p.ports {
		interfaces[pt.ifIndex] = true
	}
	sockets, err := packetSockets(interfaces)
	if err != nil || len(sockets) < len(p.ports) {
		return err
	}
	end, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return err
	}
	w := &p.waker
	for _, fd := range append(sockets, end) {
		w.fds = append(w.fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	w.start = make(chan struct{}, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.run(p.sleeper.Wake)
	}()
	p.later(func() {
		close(w.start)
		unix.Write(end, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // its counter is 0: there is room
		<-ended
		unix.Close(end)
	})
	return nil
}

// packetSockets returns the descriptors of this process's packet sockets on the interfaces.
func packetSockets(interfaces map[int]bool) (fds []int, err error) {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, err
	}
	for _, entry := range open {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		name, err := unix.Getsockname(fd) // fails for what is no socket
		if packet, ok := name.(*unix.SockaddrLinklayer); err == nil && ok && interfaces[packet.Ifindex] {
			fds = append(fds, fd)
		}
	}
	return fds, nil
}

// canWake reports whether whatever the loop has to do next will wake it. A NIC that was full does
// not say when it has room again.
func (w *waker) canWake(ports []*port) bool {
	return len(w.fds) > 0 && !slices.ContainsFunc(ports, func(pt *port) bool { return len(pt.pending) > 0 })
}

// arm makes the next frame end the sleep that the loop has prepared. It never blocks: start has
// room for the one that is not armed.
func (w *waker) arm() {
	if !w.armed.Swap(true) {
		w.start <- struct{}{}
	}
}

func (w *waker) run(wake func()) {
	for range w.start {
		for {
			if _, err := unix.Ppoll(w.fds, nil, nil); err != unix.EINTR {
				break
			}
		}
		for _, fd := range w.fds {
			if fd.Revents&unix.POLLERR != 0 { // the link went down: reading the error clears it
				unix.GetsockoptInt(int(fd.Fd), unix.SOL_SOCKET, unix.SO_ERROR)
			}
		}
		w.armed.Store(false)
		wake()
	}
}
