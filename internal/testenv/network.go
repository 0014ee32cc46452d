package testenv

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// makeNetwork makes the namespaces and the veth pairs: one, or two with a relay between them.
func (e *Env) makeNetwork(relay *Impairment) {
	e.t.Helper()
	e.t.Cleanup(func() {
		exec.Command("ip", "netns", "del", e.ns).Run() // takes its ends of the veth pairs with it
		exec.Command("ip", "netns", "del", e.ns+"r").Run()
		exec.Command("ip", "link", "del", e.Device).Run()
	})
	e.script("ip netns add NS")
	if relay == nil {
		e.script("ip link add DEV type veth peer name PEER netns NS")
	} else {
		e.makeRelay(*relay)
	}
	e.script(
		"ip netns exec NS sysctl -qw net.ipv6.conf.PEER.accept_dad=0",
		"sysctl -qw net.ipv6.conf.DEV.disable_ipv6=1",
		"ip link set DEV up",
		"ip -n NS link set PEER up",
		"ip -n NS link set lo up",
		"ip -n NS addr add "+Peer4+"/24 dev PEER",
		"ip -n NS addr add "+Peer6+"/64 dev PEER nodad",
		"ethtool -K DEV tx off rx off tso off gso off gro off",
		"ip netns exec NS ethtool -K PEER tx off rx off tso off gso off gro off",
	)
}

// makeRelay makes the relay's namespace and starts the relay.
func (e *Env) makeRelay(cfg Impairment) {
	e.t.Helper()
	e.script(
		"ip netns add NSr",
		"ip netns exec NSr sysctl -qw net.ipv6.conf.default.disable_ipv6=1",
		"ip link add DEV type veth peer name near netns NSr",
		"ip -n NS link add PEER type veth peer name far netns NSr",
	)
	for _, end := range []string{"near", "far"} {
		e.script(
			"ip -n NSr link set "+end+" up",
			"ip netns exec NSr ethtool -K "+end+" tx off rx off tso off gso off gro off",
		)
	}
	e.Relay = e.startRelay(cfg, e.ns+"r", "near", "far")
}

// script runs commands in which NS, DEV and PEER stand for this network's names.
func (e *Env) script(lines ...string) {
	e.t.Helper()
	names := strings.NewReplacer("NS", e.ns, "DEV", e.Device, "PEER", e.Peer)
	for _, line := range lines {
		words := strings.Fields(names.Replace(line))
		e.Output(words[0], words[1:]...)
	}
}

// Netns returns a command that runs in the test's namespace.
func (e *Env) Netns(name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", e.ns, name}, args...)...)
}

// In runs f on a thread that is in the test's namespace; the sockets that f opens stay there.
func (e *Env) In(f func() error) error { return inNamespace(e.ns, f) }

func inNamespace(ns string, f func() error) error {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		file, err := os.Open("/run/netns/" + ns)
		if err == nil {
			err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
			file.Close()
		}
		if err == nil {
			err = f()
		}
		failed <- err
	}()
	return <-failed
}

// DialContext connects from the test's namespace; address is an IP and a port.
func (e *Env) DialContext(ctx context.Context, network, address string) (c net.Conn, err error) {
	err = e.In(func() error {
		var d net.Dialer
		c, err = d.DialContext(ctx, network, address)
		return err
	})
	return c, err
}

// Listen listens in the test's namespace until the test ends.
func (e *Env) Listen(network, address string) net.Listener {
	e.t.Helper()
	var l net.Listener
	err := e.In(func() (err error) {
		l, err = net.Listen(network, address)
		return err
	})
	if err != nil {
		e.t.Fatal(fmt.Errorf("listen in the namespace: %w", err))
	}
	e.t.Cleanup(func() { l.Close() })
	return l
}
