package main

import (
	"cmp"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"ringstack/msg"
)

// options are the flags of all commands.
type options struct {
	socket     string // "": that of filePrefix
	filePrefix string // "": $FF_SOCKET, or the default prefix
	proc       procID
	json       bool
	timeout    duration // 0: the command's
}

const (
	defaultPrefix  = "ringstack"
	defaultTimeout = duration(5 * time.Second)
)

func defaultOptions() options { return options{proc: msg.AnyProc} }

// newFlagSet returns the flags of cmd (nil: those of ff itself). What o has already been given stays
// the default, so that flags of all commands may come before the command too.
func newFlagSet(o *options, cmd *command) *pflag.FlagSet {
	fs := pflag.NewFlagSet("ff", pflag.ContinueOnError)
	fs.Usage = func() {}
	fs.SortFlags = false
	if cmd != nil && cmd.flags != nil {
		cmd.flags(fs)
	}
	fs.VarP(&o.proc, "proc", "p", "ask one secondary only")
	fs.BoolVar(&o.json, "json", o.json, "print JSON")
	fs.StringVar(&o.socket, "socket", o.socket, "`PATH` of the primary's control socket")
	fs.StringVar(&o.filePrefix, "file-prefix", o.filePrefix, "file prefix `NAME` of the primary, which gives the socket (default "+defaultPrefix+")")
	if cmd == nil {
		cmd = new(command)
	} else {
		o.timeout = cmp.Or(o.timeout, cmd.timeout, defaultTimeout)
	}
	fs.Var(&o.timeout, "timeout", cmp.Or(cmd.time, "how long an answer may take"))
	proc := fs.Lookup("proc")
	proc.Hidden = cmd.noProc
	if cmd.proc != "" {
		proc.Usage, proc.DefValue = cmd.proc, ""
	}
	return fs
}

// flagErrorText is the text of an error of Parse, in words of the command line where strconv has its own.
func flagErrorText(err error) string {
	var (
		flag  *pflag.InvalidValueError
		cause *strconv.NumError
	)
	if !errors.As(err, &flag) || !errors.As(err, &cause) {
		return err.Error()
	}
	want := "want a number from 0 on"
	if flag.GetFlag().Value.Type() == "bool" {
		want = "want true or false"
	}
	return strings.TrimSuffix(err.Error(), cause.Error()) + want
}

// socketPath returns the control socket that the options name.
func (o *options) socketPath() string {
	if o.socket != "" {
		return o.socket
	}
	if env := os.Getenv("FF_SOCKET"); env != "" && o.filePrefix == "" {
		return env
	}
	return msg.DefaultSocket(cmp.Or(o.filePrefix, defaultPrefix))
}

// procID is a flag with the id of a secondary, or msg.AnyProc.
type procID int

func (p *procID) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return errors.New("a proc id is a number from 0 on")
	}
	*p = procID(n)
	return nil
}

func (p *procID) String() string {
	if *p == msg.AnyProc {
		return "all"
	}
	return strconv.Itoa(int(*p))
}

func (p *procID) Type() string { return "N" }

// duration is a flag with a time such as "500ms" or, as in F-Stack's tools, a number of seconds.
type duration time.Duration

const maxDuration = 24 * time.Hour

func (d *duration) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil {
		v, err = time.ParseDuration(s + "s")
	}
	if err != nil || v <= 0 || v > maxDuration {
		return errors.New("want seconds, or a time such as 500ms, above 0 and at most 24h")
	}
	*d = duration(v)
	return nil
}

// String is empty where nothing is set, which pflag shows as no default.
func (d *duration) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

func (d *duration) Type() string { return "secs" }
