package lock

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var self = Holder{PID: os.Getpid(), FilePrefix: "web", Program: "ff-primary"}

const nobody = 65534

// The test binary also runs as one of these.
const (
	roleEnv  = "RINGSTACK_LOCK_TEST"
	holder   = "holder"   // takes the lock DIR NAME, says so and waits for its end
	intruder = "intruder" // makes and locks files in DIR as far as it may
)

var kept *Lock

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case holder:
		var err error
		kept, err = Take(os.Args[1], os.Args[2], Self("other"))
		fmt.Println(err)
		time.Sleep(time.Hour) // not select {}: the runtime ends a program all of whose goroutines wait for ever
	case intruder:
		intrude(os.Args[1], os.Args[2])
	default:
		m.Run()
	}
}

// intrude prints what succeeds.
func intrude(dir, name string) {
	if os.WriteFile(filepath.Join(dir, "new"), nil, 0o600) == nil {
		fmt.Println("made a file")
	}
	for _, flags := range []int{os.O_RDONLY, os.O_WRONLY} {
		if _, err := os.OpenFile(filepath.Join(dir, name), flags, 0); err == nil {
			fmt.Println("opened the lock")
		}
	}
	if os.Remove(filepath.Join(dir, name)) == nil {
		fmt.Println("removed the lock")
	}
}

func as(role string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return cmd
}

// folder returns one that every user may enter.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rslock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "lock")
}

func mustTake(t *testing.T, dir, name string) *Lock {
	t.Helper()
	l, err := Take(dir, name, self)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// wantHeld checks that a lock cannot be taken, and what is told of its holder.
func wantHeld(t *testing.T, dir, name string, want Holder) {
	t.Helper()
	l, err := Take(dir, name, self)
	var held *HeldError
	if !errors.As(err, &held) || l != nil {
		t.Fatalf("taken: %v, want it held", err)
	}
	if held.Holder != want {
		t.Errorf("held by %+v, want %+v", held.Holder, want)
	}
}

func TestTakeAndRelease(t *testing.T) {
	dir := folder(t)
	a, b := mustTake(t, dir, "a"), mustTake(t, dir, "b")
	defer b.Release()
	wantHeld(t, dir, "a", self)
	if _, err := Take(dir, "a", self); err.Error() != fmt.Sprintf("held by ff-primary, pid %d, file_prefix=web", os.Getpid()) {
		t.Error(err)
	}
	a.Release()
	if left, err := filepath.Glob(dir + "/*"); len(left) != 1 || err != nil {
		t.Errorf("left after release: %v %v", left, err)
	}
	mustTake(t, dir, "a").Release()
}

// TestHolderDies kills the holder of a lock: it is free at once, and the file of the dead is no matter.
func TestHolderDies(t *testing.T) {
	dir := folder(t)
	for range 20 {
		cmd := as(holder, dir, "a")
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "<nil>\n" {
			t.Errorf("the holder says %q %v", line, err)
		}
		wantHeld(t, dir, "a", Holder{cmd.Process.Pid, "other", "exe"})
		cmd.Process.Kill()
		cmd.Wait() // tells that it was killed
		mustTake(t, dir, "a").file.Close()
	}
}

// TestNotesOfNobody locks files whose text write has not written.
func TestNotesOfNobody(t *testing.T) {
	dir := folder(t)
	for name, text := range map[string]string{
		"empty": "", "no end": "1 web ff", "no pid": "x web ff\n", "pid 0": "0 web ff\n", "below": "-1 web ff\n",
		"no program": "1 web \n", "no prefix": "1  ff\n", "terminal": "1 web \x1b[2J\n", "lines": "1 web a\nb\n",
		"binary": "\x00\xff\n", "huge": strings.Repeat("1", 1<<20) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			l := mustTake(t, dir, "a")
			defer l.Release()
			if err := errors.Join(l.file.Truncate(0), os.WriteFile(l.file.Name(), []byte(text), 0)); err != nil {
				t.Fatal(err)
			}
			wantHeld(t, dir, "a", Holder{})
			if _, err := Take(dir, "a", self); !strings.Contains(err.Error(), "does not tell") {
				t.Error(err)
			}
		})
	}
}

// TestRubbishInTheWay puts something else where a lock or its folder is to be.
func TestRubbishInTheWay(t *testing.T) {
	elsewhere := t.TempDir()
	for name, c := range map[string]struct {
		put  func(dir, path string) error
		want string
	}{
		"garbage":    {func(_, path string) error { return os.WriteFile(path, []byte("\xff\x00 rubbish"), 0o666) }, ""},
		"unreadable": {func(_, path string) error { return os.WriteFile(path, nil, 0) }, ""},
		"folder":     {func(_, path string) error { return os.Mkdir(path, 0o755) }, "is a directory"},
		"FIFO":       {func(_, path string) error { return syscall.Mkfifo(path, 0o600) }, "is no plain file"},
		"symbolic link": {func(_, path string) error {
			return os.Symlink(filepath.Join(elsewhere, "victim"), path)
		}, "too many levels of symbolic links"},
		"symbolic link to a folder": {func(dir, _ string) error {
			return errors.Join(os.Remove(dir), os.Symlink(elsewhere, dir))
		}, "not a directory"},
		"open folder":       {func(dir, _ string) error { return os.Chmod(dir, 0o1777) }, "may be written by other users"},
		"folder of a group": {func(dir, _ string) error { return os.Chmod(dir, 0o775) }, "may be written by other users"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			if err := errors.Join(os.Mkdir(dir, 0o755), c.put(dir, filepath.Join(dir, "a"))); err != nil {
				t.Fatal(err)
			}
			l, err := Take(dir, "a", self)
			switch {
			case c.want == "" && err == nil:
				wantHeld(t, dir, "a", self)
				l.Release()
			case c.want == "" || err == nil || !strings.Contains(err.Error(), c.want):
				t.Errorf("%v, want %q", err, c.want)
			}
			if victims, _ := filepath.Glob(elsewhere + "/*"); len(victims) > 0 {
				t.Errorf("made %v", victims)
			}
		})
	}
}

// TestUnprivilegedUserCannotBlock lets another user try to keep a lock from us.
func TestUnprivilegedUserCannotBlock(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: it runs a process as another user")
	}
	dir := folder(t)
	mustTake(t, dir, "a").file.Close() // its file stays, as of one who was killed
	binary, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(filepath.Dir(dir), "intruder")
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := as(intruder, dir, "a")
	cmd.Path = program
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); len(out) > 0 || err != nil {
		t.Errorf("another user %s %v", out, err)
	}
	mustTake(t, dir, "a").Release()

	other := folder(t)
	if err := errors.Join(os.Mkdir(other, 0o755), os.Chown(other, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	if _, err := Take(other, "a", self); err == nil || !strings.Contains(err.Error(), "(owner 65534, mode 0755)") {
		t.Errorf("a lock in another user's folder: %v", err)
	}
}

// TestOneOfMany lets many take and release one lock, whose file comes and goes with them.
func TestOneOfMany(t *testing.T) {
	dir := folder(t)
	var holders, taken int
	results := make(chan error)
	entered := make(chan int)
	for range 8 {
		go func() {
			for range 200 {
				l, err := Take(dir, "a", self)
				if err == nil {
					entered <- 1
					entered <- -1
					l.Release()
				} else if !errors.As(err, new(*HeldError)) {
					results <- err
					return
				}
			}
			results <- nil
		}()
	}
	for range 8 {
		for done := false; !done; {
			select {
			case n := <-entered:
				holders += n
				taken++
				if holders > 1 {
					t.Fatal("two hold the lock")
				}
			case err := <-results:
				if err != nil {
					t.Error(err)
				}
				done = true
			}
		}
	}
	if taken == 0 {
		t.Error("nobody has ever had the lock")
	}
}
