package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"ringstack/msg"
)

// TestMain makes the test binary ff when it was started by startFF.
func TestMain(m *testing.M) {
	if os.Getenv("FF_TEST_IS_FF") != "" {
		main()
	}
	os.Exit(m.Run())
}

// startFF starts ff as a process of its own.
func startFF(t *testing.T, stdout *os.File, args ...string) (*exec.Cmd, *strings.Builder) {
	t.Helper()
	var stderr strings.Builder
	cmd := &exec.Cmd{
		Path:   os.Args[0],
		Args:   append([]string{"ff"}, args...),
		Env:    append(os.Environ(), "FF_TEST_IS_FF=1"),
		Stdout: stdout,
		Stderr: &stderr,
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	return cmd, &stderr
}

// startTop starts `ff top` and returns it when its first line has come.
func startTop(t *testing.T) (cmd *exec.Cmd, stderr *strings.Builder, stdout *os.File) {
	t.Helper()
	socket := fakePrimary(t, answers{msg.KindTop: []msg.TopRow{}})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	cmd, stderr = startFF(t, w, "top", "-d", "0.01", "--socket", socket)
	w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "|---------|") {
		t.Fatalf("got %q, %v", line, err)
	}
	return cmd, stderr, r
}

func TestSignalEndsTop(t *testing.T) {
	cmd, stderr, stdout := startTop(t)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, stdout)
	if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("got %v, %s", err, stderr)
	}
}

// TestBrokenPipe: the reader goes away, as head does. SIGPIPE is the quiet end of any program.
func TestBrokenPipe(t *testing.T) {
	cmd, stderr, stdout := startTop(t)
	stdout.Close()
	var exit *exec.ExitError
	err := cmd.Wait()
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGPIPE || stderr.Len() > 0 {
		t.Errorf("got %v, %s", err, stderr)
	}
}

func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	cmd, stderr := startFF(t, full, "--help")
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 || stderr.String() != "ff: write the output: write /dev/stdout: no space left on device\n" {
		t.Errorf("got %v, %s", err, stderr)
	}
}
