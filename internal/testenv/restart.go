package testenv

import (
	"os"
	"path/filepath"
	"slices"
)

// Kill ends the primary with SIGKILL.
func (e *Env) Kill() { e.Primary.Kill() }

// Restart kills the primary and starts another with the configuration as it is now.
func (e *Env) Restart() {
	e.t.Helper()
	e.Kill()
	e.Start()
}

// Takeover starts a primary that takes over from the one that runs, which it returns when that has ended.
func (e *Env) Takeover() (old *Process) {
	e.t.Helper()
	old = e.Primary
	e.startWith("--takeover")
	<-old.Exited()
	return old
}

// Remnants returns the files that primaries of this Env have made and that are there now, in order.
func (e *Env) Remnants() (files []string) {
	for _, pattern := range []string{
		e.Socket, filepath.Join(e.RunDir(), "*"), "/var/run/dpdk/" + e.Prefix + "/*", "/dev/hugepages/" + e.Prefix + "map_*",
	} {
		found, _ := filepath.Glob(pattern) // the patterns are well-formed
		files = append(files, found...)
	}
	slices.Sort(files)
	return files
}

// RunDir is where the primary keeps its lock and its state.
func (e *Env) RunDir() string { return "/run/ringstack/" + e.Prefix }

// sweep removes what a primary leaves that was killed, or whose secondaries have outlived it.
func (e *Env) sweep() {
	locks, _ := filepath.Glob("/run/ringstack/lock/*-" + e.Device) // the pattern is well-formed
	for _, file := range slices.Concat(e.Remnants(), locks, []string{e.RunDir(), "/var/run/dpdk/" + e.Prefix}) {
		os.RemoveAll(file)
	}
}
