// Command bench measures TCP on the native engine, on gVisor's and on the kernel's loopback, with both ends on one CPU.
//
// It prints a table and writes a JSON list of the same results; docs/performance.md says what each measures.
package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime/pprof"
	"time"

	"github.com/spf13/pflag"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := pflag.NewFlagSet("bench", pflag.ContinueOnError)
	quick := flags.Bool("quick", false, "one short round of fewer connections: shows that it works, not how fast")
	only := flags.String("only", "", "regular expression; measure only what it matches of name/engine/connections, like rr_conn/native/100")
	path := flags.String("json", "bench/results.json", "file for the results; none if empty")
	profile := flags.String("cpuprofile", "", "write a CPU profile of the whole run to this file")
	if err := flags.Parse(args); err == pflag.ErrHelp {
		return nil
	} else if err != nil {
		return err
	}
	filter, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("parse --only: %w", err)
	}
	cpu, err := useOneCPU()
	if err != nil {
		return err
	}
	stop, err := startProfile(*profile)
	if err != nil {
		return err
	}
	defer stop()
	m := measurer{
		timing: timing{100 * time.Millisecond, 300 * time.Millisecond}, rounds: 5, largest: 1 << 20, filter: filter, notes: os.Stderr,
	}
	if *quick {
		m.timing, m.rounds, m.largest = timing{5 * time.Millisecond, 20 * time.Millisecond}, 1, 2000
	}
	results, err := m.all()
	if err != nil {
		return err
	}
	fmt.Printf("\nBoth ends on CPU %d; medians.\n\n", cpu)
	printTable(os.Stdout, results)
	if *path == "" {
		return nil
	}
	return writeJSON(*path, results)
}

// startProfile begins a CPU profile, unless path is empty.
func startProfile(path string) (stop func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, fmt.Errorf("start profile: %w", err)
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}
