package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// TestPrimaryComesBackWithAnotherConfiguration changes the configuration, and the device, from one primary to the next under transfers.
func TestPrimaryComesBackWithAnotherConfiguration(t *testing.T) {
	e := testenv.New(t, testenv.Config{Keys: []string{"max_procs=8", "ring_size=512", "dispatch=toeplitz"}})
	e.Secondary(courier, "--proc", "0")
	e.Secondary(courier, "--proc", "5")
	d := deliver(t, e, testenv.Stack4+":80", 10, 64<<10)
	v6 := deliver(t, e, "["+testenv.Stack6+"]:80", 10, 64<<10)
	for _, c := range []struct {
		name   string
		change func()
		check  func()
	}{
		{"more memory", func() { e.Change("nb_mbufs=8192", "nb_mbufs=12000") }, nil},
		{"less memory", func() { e.Change("nb_mbufs=12000", "nb_mbufs=6000") }, nil},
		{"smaller rings", func() { e.Change("ring_size=512", "ring_size=256") }, nil},
		{"another hash", func() { e.Change("dispatch=toeplitz", "dispatch=modulo") }, nil},
		{"a smaller MTU", func() {
			e.Change("[port0]", "[port0]\nmtu=1280")
			ip(t, e, "link set %s mtu 1280", e.Peer)
		}, nil},
		{"a larger MTU", func() {
			e.Change("mtu=1280", "mtu=1400")
			ip(t, e, "link set %s mtu 1400", e.Peer)
		}, nil},
		{"one more address", func() { e.Change("[port0]", "[port0]\nvip_addr=192.168.100.7") }, func() {
			d := deliver(t, e, "192.168.100.7:80", 4, 10_000)
			d.wantMore(10 * time.Second)
			d.finish()
		}},
		{"that address no more", func() { e.Change("vip_addr=192.168.100.7\n", "") }, func() {
			if out, err := e.Netns("ping", "-c1", "-W1", "192.168.100.7").CombinedOutput(); err == nil {
				t.Errorf("an address that is gone answers:\n%s", out)
			}
		}},
		{"another MAC", func() {
			e.Output("ip", "link", "set", e.Device, "address", "02:00:00:00:42:01")
		}, nil},
		{"one more port", func() {
			e.Change("nb_vdev=1", "nb_vdev=2\nport_list=0,1")
			e.Change("[port0]", "[vdev1]\nargs=net_ring1\n[port1]\naddr=10.99.0.1\nnetmask=255.255.255.0\n[port0]")
		}, nil},
		{"that port no more", func() {
			e.Change("nb_vdev=2\nport_list=0,1", "nb_vdev=1")
			e.Change("[vdev1]\nargs=net_ring1\n[port1]\naddr=10.99.0.1\nnetmask=255.255.255.0\n", "")
		}, nil},
		{"fewer proc ids", func() { e.Change("max_procs=8", "max_procs=4") }, func() {
			if p := wantProc(t, e, 1, "live"); p.Group != "courier" {
				t.Errorf("proc 1 is %+v", p)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.Kill()
			c.change()
			e.Start()
			d.wantMore(10 * time.Second)
			v6.wantMore(10 * time.Second)
			wantHeldOff(t, e, 0)
			if c.check != nil {
				c.check()
			}
		})
	}
	d.finish()
	v6.finish()
	wantNoRefusals(t, e, 10)
}

// TestFewerProcIDs lowers max_procs below the id of a secondary that comes back late: others do not get its packets meanwhile.
func TestFewerProcIDs(t *testing.T) {
	e := testenv.New(t, testenv.Config{Keys: []string{"max_procs=8"}})
	e.Secondary(courier, "--proc", "0")
	late := e.Secondary(courier, "--proc", "5")
	wantSettled(t, e.Tool())
	d := deliver(t, e, testenv.Stack4+":80", 30, 64<<10)
	d.wantMore(10 * time.Second)
	signal(t, late, syscall.SIGSTOP)
	e.Kill()
	e.Change("max_procs=8", "max_procs=4")
	e.Start()
	wantProc(t, e, 0, "live")
	time.Sleep(500 * time.Millisecond) // for the peers to repeat what the other would refuse
	signal(t, late, syscall.SIGCONT)
	wantProc(t, e, 1, "live")
	d.wantMore(10 * time.Second)
	d.finish()
}

// ip runs ip(8) in the test's namespace; %s in the words stands for name.
func ip(t *testing.T, e *testenv.Env, words, name string) {
	t.Helper()
	args := strings.Fields(strings.ReplaceAll(words, "%s", name))
	if out, err := e.Netns("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v: %s", args, err, out)
	}
}
