// Command ff-primary is the process that owns the NIC: it starts DPDK, receives, and dispatches to
// the secondaries that attach.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"ringstack/internal/config"
	"ringstack/internal/version"
	"ringstack/msg"
	"ringstack/primary"
)

// options are the command line.
type options struct {
	conf        string
	checkConfig bool
	version     bool
	supervise   bool
	takeover    bool
	noHuge      bool
	procType    string
	logLevel    zerolog.Level
	logJSON     bool
}

func main() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // a log that nobody reads any more is no reason to end
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program; it returns the exit status: 0, 1 for a failure, 2 for a wrong call.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stdout)
	if errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "ff-primary: %v (see ff-primary --help)\n", err)
		return 2
	}
	if err := start(ctx, opts, stdout, stderr); err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			fmt.Fprintf(stderr, "ff-primary: %s\n", line)
		}
		return 1
	}
	return 0
}

func parse(args []string, stdout io.Writer) (options, error) {
	var o options
	flags := pflag.NewFlagSet("ff-primary", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.SortFlags = false
	flags.StringVarP(&o.conf, "conf", "c", "", "configuration `file` (default: $FF_CONFIG, ./config.ini, /etc/ringstack/config.ini)")
	flags.BoolVar(&o.checkConfig, "check-config", false, "print the effective configuration, or every mistake in it, and exit")
	flags.BoolVar(&o.supervise, "supervise", false, "start the primary and the secondaries of [proc.NAME], and start again what ends")
	flags.BoolVar(&o.takeover, "takeover", false, "stop the primary with the same file_prefix, whose secondaries come over, and take its place; not if a supervisor or systemd keeps it")
	flags.BoolVar(&o.noHuge, "no-huge", false, "run without hugepages, as no_huge=1 does")
	flags.StringVarP(&o.procType, "proc-type", "t", "primary", "F-Stack's flag; this program is always the `primary`")
	flags.BoolVar(&o.version, "version", false, "print the version of the program and of its protocol, and exit")
	level := flags.String("log-level", "info", "least `level` to log: debug, info, warn, error")
	flags.BoolVar(&o.logJSON, "log-json", false, "log as JSON, one object a line")
	flags.Usage = func() {
		fmt.Fprintf(stdout, "Usage: ff-primary [flags]\n\nStarts DPDK and dispatches packets to secondaries.\n\n%s", flags.FlagUsages())
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.procType != "primary" && o.procType != "auto" {
		return o, fmt.Errorf("--proc-type=%s: secondaries are programs of their own, linked with package secondary", o.procType)
	}
	var err error
	if o.logLevel, err = zerolog.ParseLevel(*level); err != nil {
		return o, fmt.Errorf("--log-level=%s: want debug, info, warn or error", *level)
	}
	return o, nil
}

func start(ctx context.Context, o options, stdout, stderr io.Writer) error {
	switch {
	case o.version:
		_, err := fmt.Fprintf(stdout, "ff-primary %s, protocol %d, %s\n", version.Module(), msg.Version, runtime.Version())
		return err
	case o.checkConfig:
		return check(o, stdout, stderr)
	}
	lines := primary.NewLogWriter(writer(stderr, o.logJSON))
	defer lines.Flush()
	log := zerolog.New(lines).With().Timestamp().Logger().Level(o.logLevel)
	manager := openManager(log)
	defer manager.Close()
	if o.supervise {
		return runSupervisor(ctx, o, manager, log)
	}
	cfg, err := primary.Load(o.conf, log)
	if err != nil {
		return err
	}
	cfg.DPDK.NoHuge = cfg.DPDK.NoHuge || o.noHuge
	cfg.Takeover, cfg.Managed = o.takeover, manager.IsThere
	p, err := primary.New(cfg)
	if err != nil {
		return err
	}
	announce(ctx, manager, log, p.Alive)
	return p.Run(ctx)
}

// check prints the effective configuration.
func check(o options, stdout, stderr io.Writer) error {
	path, err := config.Find(o.conf)
	if err != nil {
		return err
	}
	cfg, warnings, err := config.Load(path)
	if err != nil {
		return err
	}
	for _, warning := range warnings {
		fmt.Fprintln(stderr, "warning:", warning)
	}
	cfg.DPDK.NoHuge = cfg.DPDK.NoHuge || o.noHuge
	return cfg.Print(stdout)
}

// writer returns what writes the log to w.
func writer(w io.Writer, asJSON bool) io.Writer {
	if asJSON {
		return w
	}
	if isTerminal(w) {
		return zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: os.Getenv("NO_COLOR") != ""}
	}
	return zerolog.ConsoleWriter{Out: w, TimeFormat: time.DateTime, NoColor: true}
}

// isTerminal reports whether w is a character device.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
