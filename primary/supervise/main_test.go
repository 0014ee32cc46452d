package supervise

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

const nobody = 65534

// The test binary, started with this variable, is a program that writes what it has been given into
// the named file.
const reportEnv = "RINGSTACK_SUPERVISE_REPORT"

// report is what a program has been given.
type report struct {
	Env        []string
	Dir        string
	FDs        map[string]string
	UID, EUID  int
	GID        int
	Groups     []int
	CPUs       []int
	NoNewPrivs string
	Caps       string // effective
	Group      int    // of processes
}

func TestMain(m *testing.M) {
	if path := os.Getenv(reportEnv); path != "" {
		os.Exit(tell(path))
	}
	m.Run()
}

func tell(path string) int {
	r := report{Env: os.Environ(), UID: os.Getuid(), EUID: os.Geteuid(), GID: os.Getgid(), FDs: make(map[string]string)}
	r.Dir, _ = os.Getwd()
	r.Groups, _ = os.Getgroups()
	r.Group = unix.Getpgrp()
	open, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range open {
		if name, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil {
			r.FDs[fd.Name()] = name
		}
	}
	var cpus unix.CPUSet
	unix.SchedGetaffinity(0, &cpus)
	for cpu := range 128 {
		if cpus.IsSet(cpu) {
			r.CPUs = append(r.CPUs, cpu)
		}
	}
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.SplitSeq(string(status), "\n") {
		name, value, _ := strings.Cut(line, ":\t")
		switch name {
		case "NoNewPrivs":
			r.NoNewPrivs = value
		case "CapEff":
			r.Caps = value
		}
	}
	text, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(path+".new", text, 0o644)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return 1
	}
	return 0
}

// runReport runs the test binary as p, and returns what it was given.
func runReport(t *testing.T, p program) (r report) {
	t.Helper()
	dir := openDir(t)
	binary, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	probe, out := filepath.Join(dir, "probe"), filepath.Join(dir, "report")
	if err := os.WriteFile(probe, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	p.command = []string{probe, "argument"}
	p.env = append(p.env, reportEnv+"="+out)
	c, err := p.start(nil)
	if err != nil {
		t.Fatal(err)
	}
	<-c.ended
	text, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatalf("%s: %v", c.end, err)
	}
	if r.Group != c.pid {
		t.Errorf("process group %d, want %d", r.Group, c.pid)
	}
	return r
}

// openDir returns a folder in which every user may write.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rssup")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// shell is a program that is live as soon as it has started.
func shell(script string) program {
	return program{command: []string{"/bin/sh", "-c", script}, env: []string{"PATH=/usr/bin:/bin"}}
}

func launchLive(p program) (*child, error) {
	c, err := p.start(nil)
	if err == nil {
		close(c.live)
	}
	return c, err
}

func launchDead(p program) (*child, error) { return p.start(nil) }

// keep runs a keeper until the test ends.
func keep(t *testing.T, p program, launch launcher) *keeper {
	t.Helper()
	k := newKeeper("web", p, launch, 10*time.Second, testLog(t))
	runKeeper(t, k)
	return k
}

func runKeeper(t *testing.T, k *keeper) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.run()
	}()
	t.Cleanup(func() {
		if err := k.stop(context.Background()); err != nil { // the test's own context is done
			t.Error(err)
		}
		close(k.orders)
		<-ended
	})
}

// until waits for a status.
func until(t *testing.T, k *keeper, what string, ok func(status) bool) status {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		st, changed := k.look()
		if ok(st) {
			return st
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("never %s: %+v", what, st)
		}
	}
}

// gone reports whether no process of a group runs any more. It may still wait for init to bury it.
func gone(group int) bool {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, stat := range stats {
		text, _ := os.ReadFile(stat) // it may have ended meanwhile
		_, after, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(after) // state, parent, group
		if len(fields) > 2 && fields[2] == strconv.Itoa(group) && fields[0] != "Z" && fields[0] != "X" {
			return false
		}
	}
	return true
}

func testLog(t *testing.T) zerolog.Logger { return zerolog.New(zerolog.NewTestWriter(t)) }
