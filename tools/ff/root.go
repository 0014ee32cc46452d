package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"ringstack/msg"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 128 + int(syscall.SIGINT)
)

// command is a subcommand of ff.
type command struct {
	name    string
	args    string // what follows the flags, as help shows it
	nargs   int    // how many of those there may be
	short   string
	long    string
	noProc  bool                 // it takes no --proc
	proc    string               // what --proc is for, which has to be there; "": one of all that are asked
	time    string               // what --timeout is for; "": an answer
	timeout duration             // default of --timeout; 0: defaultTimeout
	flags   func(*pflag.FlagSet) // adds the command's own flags; may be nil
	run     func(ctx context.Context, t *tool, args []string) error
}

// commands returns all subcommands, in the order in which help shows them.
func commands() []*command {
	asking := []*command{psCommand(), topCommand(), trafficCommand(), sysctlCommand(), statsCommand(), drainCommand()}
	return slices.Concat(asking, supervisorCommands(), metaCommands())
}

// metaCommands returns those that tell about ff itself.
func metaCommands() []*command { return []*command{helpCommand(), versionCommand()} }

// tool is what a subcommand works with.
type tool struct {
	options
	out    *bufio.Writer
	server server
	client *msg.Client // of server; nil before the first call
}

// run is ff: args are those of the process, with its name. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	t := &tool{options: defaultOptions(), out: bufio.NewWriter(stdout), server: primary}
	err := t.dispatch(ctx, commandLine(args))
	if t.client != nil {
		t.client.Close()
	}
	err = errors.Join(err, t.flush())
	var usage usageError
	switch {
	case err == nil, errors.Is(err, errBrokenPipe):
		return exitOK
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "ff:", printable(usage.Error()))
		return exitUsage
	}
	for _, line := range errorLines(err) {
		fmt.Fprintln(stderr, "ff:", line)
	}
	return exitFailed
}

// linkPrefix begins the names of F-Stack's tools: ff_top is `ff top`.
const linkPrefix = "ff_"

// commandLine makes `top ...` of `ff top ...`, and `ff_top ...` of a link with that name.
func commandLine(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	if name := filepath.Base(args[0]); strings.HasPrefix(name, linkPrefix) {
		return append([]string{name}, args[1:]...)
	}
	return args[1:]
}

func (t *tool) dispatch(ctx context.Context, args []string) error {
	fs := newFlagSet(&t.options, nil)
	fs.SetInterspersed(false)
	version := fs.Bool("version", false, "")
	err := fs.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		t.printHelp(nil)
		return nil
	case err != nil:
		return usageError{flagErrorText(err), "ff --help"}
	case *version:
		return t.runCommand(ctx, versionCommand(), fs.Args())
	case fs.Arg(0) == "":
		return usageError{"name a command", "ff --help"}
	}
	cmd, err := findCommand(fs.Arg(0))
	if err != nil {
		return err
	}
	return t.runCommand(ctx, cmd, fs.Args()[1:])
}

func (t *tool) runCommand(ctx context.Context, cmd *command, args []string) error {
	fs := newFlagSet(&t.options, cmd)
	err := fs.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		t.printHelp(cmd)
		return nil
	case err != nil:
		err = usageError{text: flagErrorText(err)}
	case cmd.noProc && t.proc != msg.AnyProc:
		err = usageErrorf("%s takes no --proc", cmd.name)
	case fs.NArg() > cmd.nargs:
		err = usageErrorf("unexpected argument %q", fs.Arg(cmd.nargs))
	default:
		err = cmd.run(ctx, t, fs.Args())
	}
	var usage usageError
	if errors.As(err, &usage) && usage.see == "" {
		return usageError{usage.text, "ff help " + cmd.name}
	}
	return err
}

// findCommand returns the command with this name, which may be that of a link.
func findCommand(name string) (*command, error) {
	name = strings.TrimPrefix(name, linkPrefix)
	var names []string
	for _, cmd := range commands() {
		if cmd.name == name {
			return cmd, nil
		}
		names = append(names, cmd.name)
	}
	if nearest := didYouMean(name, names); nearest != "" {
		return nil, usageError{fmt.Sprintf("unknown command %q%s", name, nearest), "ff --help"}
	}
	names = names[:len(names)-len(metaCommands())]
	return nil, usageError{fmt.Sprintf("no command %s: there are %s", name, strings.Join(names, ", ")), "ff --help"}
}

// usageError is a mistake in the command line.
type usageError struct {
	text string
	see  string // the command that tells more; "": help about the subcommand
}

func (e usageError) Error() string { return fmt.Sprintf("%s; see %q", e.text, e.see) }

func usageErrorf(format string, args ...any) error {
	return usageError{text: fmt.Sprintf(format, args...)}
}

// errorLines gives the text of each error that err joins.
func errorLines(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{printable(err.Error())}
	}
	var lines []string
	for _, err := range joined.Unwrap() {
		lines = append(lines, errorLines(err)...)
	}
	return lines
}
