package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
)

// mounted is a command that runs ff-primary where a file system of its own is mounted on a folder.
func mounted(t *testing.T, folder, options, then string, args ...string) testenv.Command {
	t.Helper()
	script := fmt.Sprintf(`mkdir -p %[1]s && mount -t tmpfs -o %[2]s none %[1]s && cd %[1]s && %[3]s && exec "$@"`, folder, options, then)
	return testenv.Command{
		Path: "/usr/bin/unshare",
		Args: append([]string{"--mount", "sh", "-c", script, "sh", testenv.Build(t, testenv.FFPrimary)}, args...),
	}
}

// TestNoRoomInRun starts primaries that cannot write to the folders they need: each says where and why, and leaves nothing behind.
func TestNoRoomInRun(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	const fill = "head -c 4096 /dev/zero > full"
	for _, c := range []struct {
		name, folder, options, then string
		want                        []string
	}{
		{"read-only run directory", msg.RunDir, "ro", "true", []string{"mkdir " + msg.RunDir + "/" + e.Prefix + ": read-only file system"}},
		{"run directory without inodes", msg.RunDir, "nr_inodes=1", "true", []string{"mkdir " + msg.RunDir + "/" + e.Prefix + ": no space left on device"}},
		{"full run directory", msg.RunDir, "size=4k", fill, []string{msg.RunDir + "/", ": no space left on device"}},
		{"read-only DPDK directory", "/var/run/dpdk", "ro", "true", []string{"mkdir /var/run/dpdk/" + e.Prefix + ": read-only file system: DPDK keeps", "KB of files there"}},
		{"full DPDK directory", "/var/run/dpdk", "size=4k", fill, []string{"write /var/run/dpdk/" + e.Prefix + ": no space left on device: DPDK keeps", "KB of files there"}},
		{"small DPDK directory", "/var/run/dpdk", "size=1m", "true", []string{"write /var/run/dpdk/" + e.Prefix + ": no space left on device: DPDK keeps", "KB of files there"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantOneLine(t, testenv.Finish(t, mounted(t, c.folder, c.options, c.then, "--log-level", "error", "--conf", e.Conf)), c.want...)
			wantNothingLeft(t, e)
		})
	}
}

// TestRunDirectoryFillsUp fills the run directory of a primary that serves. The primary goes on, says so, empties the state file, which is
// not true any more, and writes it anew when it can.
func TestRunDirectoryFillsUp(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	e.Primary = e.Run(mounted(t, msg.RunDir, "size=256k", "true", "--log-level", "debug", "--conf", e.Conf))
	e.Primary.WaitLog("ready for secondaries")
	tool := e.Tool()
	e.Secondary(httpd)
	s := attach(t, e, "")
	dir := fmt.Sprintf("/proc/%d/root%s", e.Primary.Cmd.Process.Pid, msg.RunDir) // as the primary sees it
	state := filepath.Join(dir, e.Prefix, "state")

	filler := filepath.Join(dir, "filler")
	fillUp(t, filler)
	if info, err := os.Stat(state); err != nil || info.Size() == 0 {
		t.Fatalf("there is no state file: %v", err)
	}
	l, err := s.Listen("tcp", ":5000")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	testenv.Eventually(t, 5*time.Second, "the failure is counted", func() bool {
		return testenv.Stats(t, tool)["state.write_failures"] > 0
	})
	e.Primary.WaitLog("the state file cannot be written")
	wantService(t, e)
	if info, err := os.Stat(state); err != nil || info.Size() != 0 {
		t.Errorf("the state file says what was: %v", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	e.Primary.WaitLog("the state file is written again")
	if info, err := os.Stat(state); err != nil || info.Size() == 0 {
		t.Errorf("the state file says nothing: %v", err)
	}
}

// fillUp makes a file of all the room that is left.
func fillUp(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
