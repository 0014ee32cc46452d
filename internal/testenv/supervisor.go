package testenv

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"ringstack/msg"
)

// Supervise adds sections to the configuration and starts a supervisor, which starts the primary and
// them. It waits until all have been started.
func (e *Env) Supervise(sections string, flags ...string) *Process {
	e.t.Helper()
	p := e.LaunchSupervisor(sections, flags...)
	p.WaitLog("all started")
	return p
}

// LaunchSupervisor is Supervise, but waits for nothing.
func (e *Env) LaunchSupervisor(sections string, flags ...string) *Process {
	e.t.Helper()
	text, err := os.ReadFile(e.Conf)
	if err == nil {
		err = os.WriteFile(e.Conf, append(text, sections...), 0o644)
	}
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { // after the supervisor has been stopped
		for _, pid := range e.Kept() {
			e.t.Errorf("pid %d is left of the supervisor", pid)
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return e.Run(Command{Path: Build(e.t, FFPrimary), Args: append([]string{"--supervise", "--conf", e.Conf}, flags...)})
}

// Units asks the supervisor for its processes, by name.
func (e *Env) Units() map[string]msg.Unit {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, _, err := msg.Dial(ctx, msg.SupervisorSocket(e.Socket), msg.Hello{Role: msg.RoleTool})
	if err != nil {
		e.t.Fatal(err)
	}
	defer c.Close()
	units := make(map[string]msg.Unit)
	for _, u := range Ask[[]msg.Unit](e.t, c, msg.KindUnits, nil) {
		units[u.Name] = u
	}
	return units
}

// Kept returns the pids of what a supervisor of this Env has started, whether it still lives or not.
func (e *Env) Kept() (pids []int) {
	folders, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well-formed
	for _, folder := range folders {
		pid, _ := strconv.Atoi(filepath.Base(folder))
		environ, _ := os.ReadFile(filepath.Join(folder, "environ")) // it may have ended meanwhile
		cmdline, _ := os.ReadFile(filepath.Join(folder, "cmdline"))
		isPrimary := bytes.Contains(cmdline, []byte(e.Conf)) && !bytes.Contains(cmdline, []byte("--supervise"))
		if isPrimary || strings.Contains("\x00"+string(environ), "\x00FF_SOCKET="+e.Socket+"\x00") {
			pids = append(pids, pid)
		}
	}
	return pids
}
