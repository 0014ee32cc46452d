package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"ringstack/msg"
)

func sysctlCommand() *command {
	var f sysctlFlags
	return &command{
		name: "sysctl", args: "NAME[=VALUE]...", nargs: math.MaxInt,
		short: "read and set the variables of the stacks",
		long: `NAME reads a variable, or all below it; NAME=VALUE sets it in all secondaries, those that come
later included, or in that of --proc. A variable on which the secondaries agree has one line;
otherwise each has its own, as in "proc 3: net.inet.ip.ttl: 64".
`,
		flags: f.add,
		run:   f.run,
	}
}

type sysctlFlags struct {
	all        bool
	valuesOnly bool
}

func (f *sysctlFlags) add(fs *pflag.FlagSet) {
	fs.BoolVarP(&f.all, "all", "a", false, "read all variables")
	fs.BoolVarP(&f.valuesOnly, "values", "n", false, "print values without names")
}

// sysctlRow is a row of output.
type sysctlRow struct {
	msg.SysctlRow
	Old *string `json:"old,omitempty"` // what the variable was before it was set
}

func (f *sysctlFlags) run(ctx context.Context, t *tool, args []string) error {
	switch {
	case f.all && len(args) > 0:
		return usageErrorf("--all takes no names")
	case f.all:
		args = []string{""}
	case len(args) == 0:
		return usageErrorf("name a variable, or give -a for all")
	}
	for _, arg := range args {
		if strings.HasPrefix(arg, "=") || !f.all && arg == "" {
			return usageErrorf("no variable is named in %q", arg)
		}
	}
	var (
		all  = []sysctlRow{}
		errs []error
	)
	for _, arg := range args {
		rows, err := t.sysctl(ctx, arg)
		all, errs = append(all, rows...), append(errs, err)
		if !t.json {
			f.print(t, rows)
		}
		if t.client == nil || t.client.Err() != nil {
			break
		}
	}
	if t.json {
		errs = append(errs, t.printJSON(all))
	}
	return errors.Join(errs...)
}

// sysctl does what one argument asks. It returns the rows that it got even with an error.
func (t *tool) sysctl(ctx context.Context, arg string) ([]sysctlRow, error) {
	name, value, set := strings.Cut(arg, "=")
	was, err := t.sysctlCall(ctx, name, nil)
	if !set {
		return was, err
	}
	switch {
	case err != nil && len(was) > 0:
		return nil, errors.Join(err, fmt.Errorf("%s is set in none", name))
	case err != nil:
		return nil, err
	}
	old := make(map[int]string)
	for _, r := range was {
		if r.Name != name {
			return nil, fmt.Errorf("%q is no variable: it has others below it", name)
		}
		old[r.Proc] = r.Value
	}
	now, err := t.sysctlCall(ctx, name, &value)
	for i, r := range now {
		if v, ok := old[r.Proc]; ok && r.Error == "" {
			now[i].Old = &v
		}
	}
	return now, err
}

// sysctlCall asks the secondaries. Its error joins those of the rows.
func (t *tool) sysctlCall(ctx context.Context, name string, value *string) ([]sysctlRow, error) {
	var rows []sysctlRow
	err := t.call(ctx, msg.KindSysctl, msg.SysctlRequest{Proc: int(t.proc), Name: name, Value: value}, &rows)
	var refusal *msg.Error
	switch {
	case errors.As(err, &refusal) && refusal.Errno == syscall.ENOENT, err == nil && allUnknown(rows):
		return nil, t.unknownSysctl(ctx, name)
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, errNobody
	}
	slices.SortStableFunc(rows, func(a, b sysctlRow) int { return cmp.Compare(a.Proc, b.Proc) })
	return rows, sysctlErrors(rows)
}

func allUnknown(rows []sysctlRow) bool {
	for _, r := range rows {
		if r.Error == "" || syscall.Errno(r.Errno) != syscall.ENOENT {
			return false
		}
	}
	return len(rows) > 0
}

// errNobody: there is no stack to have variables.
var errNobody = errors.New("no secondary is attached, so there are no variables")

// unknownSysctl says that there is no such variable, and names the nearest.
func (t *tool) unknownSysctl(ctx context.Context, name string) error {
	var rows []msg.SysctlRow
	if err := t.call(ctx, msg.KindSysctl, msg.SysctlRequest{Proc: int(t.proc)}, &rows); err != nil {
		return err
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
	}
	return fmt.Errorf("unknown sysctl %q%s", name, didYouMean(name, names))
}

// sysctlErrors joins the errors of rows.
func sysctlErrors(rows []sysctlRow) error {
	var errs []error
	failed := slices.DeleteFunc(slices.Clone(rows), func(r sysctlRow) bool { return r.Error == "" })
	text := func(r sysctlRow) string { return r.Error }
	eachLine(failed, countProcs(rows), text, func(prefix string, r sysctlRow) {
		errs = append(errs, fmt.Errorf("%s%s: %s", prefix, r.Name, r.Error))
	})
	return errors.Join(errs...)
}

// print prints the rows that are no errors.
func (f *sysctlFlags) print(t *tool, rows []sysctlRow) {
	good := slices.DeleteFunc(slices.Clone(rows), func(r sysctlRow) bool { return r.Error != "" })
	eachLine(good, countProcs(rows), sysctlText, func(prefix string, r sysctlRow) {
		name := printable(r.Name) + ": "
		if f.valuesOnly {
			name = ""
		}
		fmt.Fprint(t.out, prefix, name, sysctlText(r), "\n")
	})
}

func sysctlText(r sysctlRow) string {
	if r.Old == nil {
		return printable(r.Value)
	}
	return printable(*r.Old) + " -> " + printable(r.Value)
}

func countProcs(rows []sysctlRow) int {
	procs := make(map[int]bool)
	for _, r := range rows {
		procs[r.Proc] = true
	}
	return len(procs)
}

// eachLine calls emit once for a variable that all of nprocs secondaries have with one text, else
// for each of its rows, with a prefix that names the secondary.
func eachLine(rows []sysctlRow, nprocs int, text func(sysctlRow) string, emit func(prefix string, r sysctlRow)) {
	var names []string
	byName := make(map[string][]sysctlRow)
	for _, r := range rows {
		if byName[r.Name] == nil {
			names = append(names, r.Name)
		}
		byName[r.Name] = append(byName[r.Name], r)
	}
	for _, name := range names {
		same := byName[name]
		differs := func(r sysctlRow) bool { return text(r) != text(same[0]) }
		if len(same) == nprocs && !slices.ContainsFunc(same, differs) {
			emit("", same[0])
			continue
		}
		for _, r := range same {
			emit(fmt.Sprintf("proc %d: ", r.Proc), r)
		}
	}
}
