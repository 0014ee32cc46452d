// Package testenv gives tests a whole ringstack on real packets: a network namespace at the other
// end of a veth pair, a primary on net_af_packet, and secondaries as an unprivileged user.
//
//	+--------- host namespace ---------+     +-- the test's namespace --+
//	| secondaries == ff-primary == veth | --- | veth  Env.Dial, curl ... |
//	|               .2                  |     |  .1                      |
//	+-----------------------------------+     +--------------------------+
//
// A Relay in the middle makes the link a bad one. All names are unique, so tests run side by side, and everything goes when the
// test ends.
package testenv

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// Addresses of an Env. Each Env has namespaces of its own, so they never meet.
const (
	Stack4 = "192.168.100.2" // the secondaries'
	Peer4  = "192.168.100.1" // the test namespace's
	Stack6 = "fd00:100::2"
	Peer6  = "fd00:100::1"
)

// Nobody is the user and group of unprivileged secondaries.
const Nobody = 65534

// AFXDP is a Vdev whose driver takes frames as they come. With net_af_packet the kernel puts IPv4 fragments together first, and
// what is then longer than the MTU is lost.
const AFXDP = "net_af_xdp0,iface=DEVICE"

// Config says what an Env is like. The zero value is fine.
type Config struct {
	Hugepages bool        // DPDK with hugepages, as needed by C programs that attach
	Keys      []string    // lines for [dpdk] of config.ini
	Vdev      string      // args of vdev0, with DEVICE for the primary's end of the veth pair; "": net_af_packet on that
	Primary   string      // the primary's package; "": FFPrimary
	Relay     *Impairment // between the primary and the test's namespace; nil: a cable
}

// Env is a test's network, and the primary on it.
type Env struct {
	Dir     string // for sockets, configuration and logs; unprivileged users may enter
	Prefix  string // EAL's file prefix
	Socket  string // the primary's control socket
	Conf    string // config.ini
	Device  string // the primary's end of the veth pair
	Peer    string // the other end, in the test's namespace
	Primary *Process
	Relay   *Relay // nil: none
	program string
	logs    string // folder; "": none
	ns      string
	t       testing.TB
}

var serial atomic.Int32

// New makes the network and starts the primary. Without root the test is skipped.
func New(t testing.TB, cfg Config) *Env {
	t.Helper()
	e := Network(t, cfg)
	e.Start()
	return e
}

// Network makes the network and the configuration, but starts nothing.
func Network(t testing.TB, cfg Config) *Env {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces and DPDK")
	}
	id := fmt.Sprintf("%x%x", os.Getpid(), serial.Add(1))
	e := &Env{Prefix: "rstest" + id, Device: "rsa" + id, Peer: "rsb" + id, ns: "rst" + id, t: t}
	e.program = cmp.Or(cfg.Primary, FFPrimary)
	e.Dir = dir(t, e.Prefix)
	e.Socket = filepath.Join(e.Dir, "control.sock")
	e.Conf = filepath.Join(e.Dir, "config.ini")
	t.Cleanup(e.sweep)
	e.makeNetwork(cfg.Relay)
	e.configure(cfg)
	return e
}

// dir makes a folder that unprivileged users may enter.
func dir(t testing.TB, name string) string {
	t.Helper()
	path, err := os.MkdirTemp("", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(path) })
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func (e *Env) configure(cfg Config) {
	e.t.Helper()
	if cfg.Vdev == "" {
		cfg.Vdev = "net_af_packet0,iface=DEVICE,blocksz=4096,framesz=2048,framecnt=2048,qdisc_bypass=1"
	}
	cfg.Vdev = strings.ReplaceAll(cfg.Vdev, "DEVICE", e.Device)
	noHuge := 1
	if cfg.Hugepages {
		noHuge = 0
	}
	text := fmt.Sprintf(`[dpdk]
lcore_mask=1
file_prefix=%s
no_huge=%d
nb_vdev=1
control_socket=%s
socket_group=%d
nb_mbufs=8192
max_mbufs=2048
%s
[vdev0]
args=%s
[port0]
addr=%s
netmask=255.255.255.0
gateway=%s
addr6=%s
prefix_len=64
`, e.Prefix, noHuge, e.Socket, Nobody, strings.Join(cfg.Keys, "\n"), cfg.Vdev, Stack4, Peer4, Stack6)
	if err := os.WriteFile(e.Conf, []byte(text), 0o644); err != nil {
		e.t.Fatal(err)
	}
}

// Change replaces a text that the configuration has once, for the next Start.
func (e *Env) Change(old, new string) {
	e.t.Helper()
	text, err := os.ReadFile(e.Conf)
	if err != nil {
		e.t.Fatal(err)
	}
	if n := strings.Count(string(text), old); n != 1 {
		e.t.Fatalf("%q is %d times in the configuration:\n%s", old, n, text)
	}
	if err := os.WriteFile(e.Conf, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
		e.t.Fatal(err)
	}
}

// KeepLogs has what all programs have printed kept whole, in a folder, if the test fails: for tests with more of them than one wants to see.
func (e *Env) KeepLogs(dir string) { e.logs = dir }

// Start starts the primary and waits until secondaries can attach.
func (e *Env) Start() {
	e.t.Helper()
	e.startWith()
}

func (e *Env) startWith(flags ...string) {
	e.t.Helper()
	e.LaunchPrimary(flags...)
	e.Primary.WaitLog(Ready)
}

// Ready is what a primary prints when secondaries can attach.
const Ready = "ready for secondaries"

// LaunchPrimary starts a primary and waits for nothing.
func (e *Env) LaunchPrimary(flags ...string) {
	e.t.Helper()
	args := append([]string{"--conf", e.Conf}, flags...)
	if e.program == FFPrimary {
		args = append(args, "--log-level", "debug")
	}
	e.Primary = e.Run(Command{Path: Build(e.t, e.program), Args: args})
}

// Secondary starts a program as an unprivileged user and waits for the line that says it serves.
func (e *Env) Secondary(program string, args ...string) *Process {
	e.t.Helper()
	p := e.Launch(program, args...)
	p.WaitLog("serves")
	return p
}

// Launch starts a secondary as an unprivileged user and waits for nothing.
func (e *Env) Launch(program string, args ...string) *Process {
	e.t.Helper()
	return e.Run(Command{
		Path: Build(e.t, program), Args: args, Unprivileged: true,
		Env: []string{"FF_SOCKET=" + e.Socket},
	})
}

// Output runs a command to its end and returns what it prints. It fails the test when the command fails.
func (e *Env) Output(name string, args ...string) string {
	e.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		e.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
