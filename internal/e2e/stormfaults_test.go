package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/msg"
)

// Resources that run out for a while. Nothing may be lost by that, and nothing may be left of it.

// starve leaves the primary no descriptor for new connections to its control socket.
func (h *helm) starve() {
	pid := h.e.Primary.Cmd.Process.Pid
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		h.t.Fatal(err)
	}
	h.note("descriptors gone", "%d", len(open))
	var usual unix.Rlimit
	err = unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &usual)
	if err == nil {
		err = unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(len(open)), Max: usual.Max}, nil)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	fault := h.unrest.begin()
	h.after(upTo(h.rand, 800), func() {
		if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &usual, nil); err != nil {
			h.t.Fatal(err)
		}
		fault.end()
		h.proceed()
	})
}

// muzzle keeps the primary from writing its state.
func (h *helm) muzzle() {
	h.note("state not writable", "")
	path := filepath.Join(h.e.RunDir(), "state.new")
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
		h.t.Fatal(err)
	}
	h.after(upTo(h.rand, 800), func() {
		if err := os.RemoveAll(path); err != nil {
			h.t.Fatal(err)
		}
		log := h.e.Primary
		h.when("the state is written again", func() bool {
			return strings.Count(log.Log(), "the state file cannot be written") == strings.Count(log.Log(), "the state file is written again")
		}, h.proceed)
	})
}

// hoardProc is the hoarder's proc id.
const hoardProc = 15

// hoard has a secondary take all mbufs that are left.
func (h *helm) hoard() {
	h.note("mbufs hoarded", "")
	hog := h.e.Launch(hostile, "hoard", fmt.Sprint(hoardProc), "0")
	fault := h.unrest.begin()
	h.when("the hoarder serves", func() bool { return strings.Contains(hog.Log(), "done") }, func() {
		h.when("no mbuf is left", h.flood, func() {
			h.after(upTo(h.rand, 300), func() {
				hog.Kill()
				h.awaitBack(hog, time.Now(), func() {
					fault.end()
					h.proceed()
				})
			})
		})
	})
}

// arm prepares floods.
func (h *helm) arm() {
	h.wire = h.e.Wire(h.e.Peer)
	h.forger = newForger(h.t, h.e, h.wire)
}

// flood sends the hoarder datagrams, and reports whether the pool is empty.
func (h *helm) flood() bool {
	for range 300 {
		send(h.t, h.wire, h.forger.udp4(9999))
	}
	var stats []msg.Stat
	h.ask(msg.KindStats, nil, &stats)
	for _, stat := range stats {
		if stat.Name == "mbuf_pool_0.free" {
			return stat.Value < 64
		}
	}
	return false
}
