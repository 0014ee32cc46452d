package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/internal/testenv"
)

// TestLogThatNobodyReads gives the primary a pipe for its log that is full from the start. It serves, and stops when it is told to.
func TestLogThatNobodyReads(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	pipe := filepath.Join(e.Dir, "log")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(pipe, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for err == nil {
		_, err = unix.Write(fd, make([]byte, os.Getpagesize()))
	}
	if !errors.Is(err, syscall.EAGAIN) {
		t.Fatal(err)
	}
	p := e.Run(testenv.Command{
		Path: "/bin/sh", Args: []string{"-c", `exec "$@" 2> "$0"`, pipe, testenv.Build(t, testenv.FFPrimary), "--log-level", "debug", "--conf", e.Conf},
	})
	e.Secondary(httpd)
	wantService(t, e)
	begun := time.Now()
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	t.Logf("it stopped in %v", round(time.Since(begun)))
}

// TestLogReaderGoesAway closes the other end of the pipe that the supervisor and its primary log to.
func TestLogReaderGoesAway(t *testing.T) {
	e := testenv.Network(t, testenv.Config{})
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	supervisor := exec.Command(testenv.Build(t, testenv.FFPrimary), "--supervise", "--conf", e.Conf, "--log-level", "debug")
	supervisor.Stdout, supervisor.Stderr = write, write
	if err := supervisor.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- supervisor.Wait() }()
	t.Cleanup(func() { supervisor.Process.Signal(syscall.SIGTERM) })
	write.Close()
	e.Secondary(httpd)
	read.Close()
	before := e.Units()
	order(t, e, "restart", "primary") // both log
	e.Secondary(httpd)
	wantService(t, e)
	if now := e.Units(); now["primary"].Restarts != 0 || now["primary"].PID == before["primary"].PID {
		t.Errorf("%+v, before %+v", now, before)
	}
	supervisor.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the supervisor does not stop")
		supervisor.Process.Kill()
	}
}
