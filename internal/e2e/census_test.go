package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ringstack/internal/testenv"
)

// census is what a primary and its secondaries have of the system.
type census struct {
	processes []inventory // the primary first
	files     []string
}

// inventory is what a process has.
type inventory struct {
	name   string
	fds    []string // what its descriptors are, sorted, without numbers
	shared int      // mappings of shared memory
	maps   int      // all mappings
	huge   int      // bytes of hugepages that it has mapped
	rss    int      // of everything else, in kB
}

func (i inventory) String() string {
	sockets := 0
	for _, fd := range i.fds {
		if strings.HasPrefix(fd, "socket:") {
			sockets++
		}
	}
	return fmt.Sprintf("%d fds, %d of them sockets, %d mappings, %d of them shared, %d MB of hugepages, %d MB resident",
		len(i.fds), sockets, i.maps, i.shared, i.huge>>20, i.rss>>10)
}

func takeCensus(t *testing.T, e *testenv.Env, secondaries []*testenv.Process) census {
	t.Helper()
	c := census{files: e.Remnants()}
	for _, p := range append([]*testenv.Process{e.Primary}, secondaries...) {
		c.processes = append(c.processes, takeInventory(t, p))
	}
	return c
}

var number = regexp.MustCompile(`[0-9]+`)

func takeInventory(t *testing.T, p *testenv.Process) inventory {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d", p.Cmd.Process.Pid)
	i := inventory{name: filepath.Base(p.Path)}
	open, err := os.ReadDir(proc + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range open {
		target, err := os.Readlink(filepath.Join(proc, "fd", fd.Name()))
		if err != nil {
			continue // has just been closed
		}
		i.fds = append(i.fds, number.ReplaceAllString(target, "N"))
	}
	slices.Sort(i.fds)
	maps, err := os.ReadFile(proc + "/maps")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(maps), "\n") {
		i.maps++
		if f := strings.Fields(line); len(f) > 1 && strings.HasSuffix(f[1], "s") {
			i.shared++
			i.huge += hugeBytes(t, f)
		}
	}
	i.rss = resident(t, proc)
	return i
}

// hugeBytes returns the size of a mapping, which is given as by proc_pid_maps(5), if it is of hugepages.
func hugeBytes(t *testing.T, mapping []string) int {
	t.Helper()
	if len(mapping) < 6 || !strings.HasPrefix(mapping[5], "/dev/hugepages/") {
		return 0
	}
	var from, to int
	if _, err := fmt.Sscanf(mapping[0], "%x-%x", &from, &to); err != nil {
		t.Fatalf("mapping %v: %v", mapping, err)
	}
	return to - from
}

// resident returns what a process has in memory beside hugepages, in kB.
func resident(t *testing.T, proc string) (kb int) {
	t.Helper()
	status, err := os.ReadFile(proc + "/status")
	if err != nil {
		t.Fatal(err)
	}
	_, value, _ := strings.Cut(string(status), "\nVmRSS:")
	if _, err := fmt.Sscan(value, &kb); err != nil {
		t.Fatalf("VmRSS of %s: %v", proc, err)
	}
	return kb
}

func freeHugepages(t *testing.T) string {
	t.Helper()
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`HugePages_Free:.*`).FindString(string(info))
}

// heapMaps is by how many mappings Go's heap may have changed.
const heapMaps = 30

// wantSame fails the test where there is more now than before.
func (c census) wantSame(t *testing.T, now census) {
	t.Helper()
	if !slices.Equal(c.files, now.files) {
		t.Errorf("files were\n%v, now\n%v", c.files, now.files)
	}
	for i, before := range c.processes {
		after := now.processes[i]
		if !slices.Equal(before.fds, after.fds) {
			t.Errorf("%s: descriptors were\n%v, now\n%v", before.name, before.fds, after.fds)
		}
		if before.shared != after.shared || after.maps > before.maps+heapMaps {
			t.Errorf("%s: %d mappings, %d shared; now %d, %d shared", before.name, before.maps, before.shared, after.maps, after.shared)
		}
		if before.huge != after.huge {
			t.Errorf("%s: %d bytes of hugepages, now %d", before.name, before.huge, after.huge)
		}
	}
}
