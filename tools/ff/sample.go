package main

import (
	"cmp"
	"context"
	"math"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"ringstack/msg"
)

// counters is a secondary's row of running totals.
type counters[R any] interface {
	id() int
	// since returns what was counted after old. When a counter has gone backwards the proc id
	// belongs to another process now, and all that this one counted is new.
	since(old R) R
}

// sampleFlags are the flags of commands that show what is counted from time to time.
type sampleFlags struct {
	delay   duration
	n       uint
	maxProc procID
}

func (f *sampleFlags) add(fs *pflag.FlagSet) {
	f.delay, f.maxProc = duration(time.Second), msg.AnyProc
	fs.VarP(&f.delay, "delay", "d", "time between samples")
	fs.UintVarP(&f.n, "num", "n", 0, "print `N` samples (default without end)")
	fs.VarP(&f.maxProc, "max-proc", "P", "the secondaries from --proc up to this one")
}

// procRange is a choice of secondaries.
type procRange struct {
	first, last int
	single      bool // one was named, and must be there
}

// procs returns the secondaries that the flags ask for.
func (f *sampleFlags) procs(proc procID) (procRange, error) {
	switch {
	case f.maxProc == msg.AnyProc && proc == msg.AnyProc:
		return procRange{last: math.MaxInt}, nil
	case f.maxProc == msg.AnyProc:
		return procRange{int(proc), int(proc), true}, nil
	case f.maxProc < proc:
		return procRange{}, usageErrorf("--max-proc %d is below --proc %d", f.maxProc, proc)
	}
	return procRange{first: max(0, int(proc)), last: int(f.maxProc)}, nil
}

// fetch gets the rows of the secondaries in procs, in order.
func fetch[R counters[R]](ctx context.Context, t *tool, kind msg.Kind, procs procRange) ([]R, error) {
	ask := msg.AnyProc
	if procs.single {
		ask = procs.first
	}
	var rows []R
	if err := t.call(ctx, kind, msg.ProcRequest{Proc: ask}, &rows); err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r R) bool { return r.id() < procs.first || r.id() > procs.last })
	if procs.single && len(rows) == 0 {
		return nil, msg.Errorf(syscall.ESRCH, "the primary says nothing of proc %d", procs.first)
	}
	slices.SortStableFunc(rows, func(a, b R) int { return cmp.Compare(a.id(), b.id()) })
	return rows, nil
}

// sample shows what the secondaries counted in each interval, until f.n intervals are shown or ctx
// ends. A secondary that came during an interval counts from its beginning.
func sample[R counters[R]](ctx context.Context, t *tool, f *sampleFlags, kind msg.Kind, procs procRange, show func([]R) error) error {
	tick := time.NewTicker(time.Duration(f.delay))
	defer tick.Stop()
	old, err := fetch[R](ctx, t, kind, procs)
	for n := uint(0); err == nil && (f.n == 0 || n < f.n); n++ {
		select {
		case <-tick.C:
		case <-t.client.Done():
		case <-ctx.Done():
		}
		var rows []R
		if rows, err = fetch[R](ctx, t, kind, procs); err != nil {
			break
		}
		if err = show(differences(rows, old)); err == nil {
			err = t.flush()
		}
		old = rows
	}
	if ctx.Err() != nil {
		return nil // interrupted: the usual end
	}
	return err
}

func differences[R counters[R]](rows, old []R) []R {
	before := make(map[int]R, len(old))
	for _, r := range old {
		before[r.id()] = r
	}
	diffs := make([]R, len(rows))
	for i, r := range rows {
		diffs[i] = r.since(before[r.id()])
	}
	return diffs
}
