package supervise

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestProgramGetsNoMore starts a program for another user, beside open descriptors, on one CPU.
func TestProgramGetsNoMore(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: it runs a process as another user")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	stray, err := unix.Open(secret, unix.O_CREAT|unix.O_RDWR, 0o600) // not closed by exec, as of a careless parent
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(stray)
	if err := hideDescriptors(); err != nil {
		t.Fatal(err)
	}
	cpu := runtime.NumCPU() - 1
	r := runReport(t, program{
		env: []string{"A=1"}, dir: "/", lcores: []int{cpu},
		user: &syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{nobody, 12345}},
	})
	if r.UID != nobody || r.EUID != nobody || r.GID != nobody || !slices.Equal(slices.Sorted(slices.Values(r.Groups)), []int{12345, nobody}) {
		t.Errorf("uid %d (effective %d), gid %d, groups %v", r.UID, r.EUID, r.GID, r.Groups)
	}
	if strings.Trim(r.Caps, "0") != "" || r.NoNewPrivs != "1" {
		t.Errorf("capabilities %s, no new privileges: %s", r.Caps, r.NoNewPrivs)
	}
	if !slices.Equal(r.CPUs, []int{cpu}) {
		t.Errorf("CPUs %v, want %d", r.CPUs, cpu)
	}
	if len(r.Env) != 2 || r.Env[0] != "A=1" || r.Dir != "/" {
		t.Errorf("environment %q in %s", r.Env, r.Dir)
	}
	if r.FDs["0"] != "/dev/null" {
		t.Errorf("standard input is %s", r.FDs["0"])
	}
	for fd, name := range r.FDs {
		if name == secret {
			t.Errorf("descriptor %s is the supervisor's %s", fd, name)
		}
	}
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(0, &cpus); err != nil || cpus.Count() != runtime.NumCPU() {
		t.Errorf("the supervisor itself is on %d CPUs now (%v)", cpus.Count(), err)
	}
}

func TestProgramAsItself(t *testing.T) {
	r := runReport(t, program{env: []string{"B=2"}})
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if r.UID != os.Getuid() || r.Dir != here || r.NoNewPrivs != "0" || len(r.CPUs) != runtime.NumCPU() {
		t.Errorf("%+v", r)
	}
}

func TestProgramThatCannotStart(t *testing.T) {
	for name, p := range map[string]program{
		"no such file": {command: []string{"/nosuch/program"}},
		"no such dir":  {command: []string{"/bin/true"}, dir: "/nosuch"},
		"no such CPU":  {command: []string{"/bin/true"}, lcores: []int{1000}},
	} {
		if c, err := p.start(func() { t.Error("told of an end") }); err == nil {
			<-c.ended
			t.Errorf("%s: started", name)
		}
	}
}
