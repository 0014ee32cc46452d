package testenv

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Result is how a program ended.
type Result struct {
	Code           int // exit status; -1: killed
	Stdout, Stderr string
}

// Finish runs a program that ends by itself. One that takes too long is killed and fails the test.
func Finish(t testing.TB, c Command) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.SysProcAttr = new(syscall.SysProcAttr)
	if c.Unprivileged {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: Nobody, Gid: Nobody}
	}
	err := cmd.Run()
	var ended *exec.ExitError
	if ctx.Err() != nil {
		t.Fatalf("%s has not ended within %v:\n%s%s", filepath.Base(c.Path), patience, &stdout, &stderr)
	}
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return Result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
