package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ringstack/msg"
)

func TestUsageErrors(t *testing.T) {
	for args, want := range map[string]string{
		"":                 `name a command; see "ff --help"`,
		"topp":             `unknown command "topp" (did you mean "top"?); see "ff --help"`,
		"netstat":          `no command netstat: there are ps, top, traffic, sysctl, stats, drain, status, start, stop, restart; see "ff --help"`,
		"ff_netstat -a":    `no command netstat: there are ps, top, traffic, sysctl, stats, drain, status, start, stop, restart; see "ff --help"`,
		"--version ps":     `unexpected argument "ps"; see "ff help version"`,
		"top -n -1":        `invalid argument "-1" for "-n, --num" flag: want a number from 0 on; see "ff help top"`,
		"top -n x":         `invalid argument "x" for "-n, --num" flag: want a number from 0 on; see "ff help top"`,
		"ps --json=yes":    `invalid argument "yes" for "--json" flag: want true or false; see "ff help ps"`,
		"--json=yes ps":    `invalid argument "yes" for "--json" flag: want true or false; see "ff --help"`,
		"help trafic":      `unknown command "trafic" (did you mean "traffic"?); see "ff --help"`,
		"--jsn ps":         `unknown flag: --jsn; see "ff --help"`,
		"ps --jsn":         `unknown flag: --jsn; see "ff help ps"`,
		"top -x":           `unknown shorthand flag: 'x' in -x; see "ff help top"`,
		"ps 3":             `unexpected argument "3"; see "ff help ps"`,
		"ps -p -1":         `invalid argument "-1" for "-p, --proc" flag: a proc id is a number from 0 on; see "ff help ps"`,
		"ps -p 4294967296": `invalid argument "4294967296" for "-p, --proc" flag: a proc id is a number from 0 on; see "ff help ps"`,
		"stop -p 1 web":    `stop takes no --proc; see "ff help stop"`,
		"-p 1 status":      `status takes no --proc; see "ff help status"`,
		"ps -p":            `flag needs an argument: 'p' in -p; see "ff help ps"`,
		"ps --timeout 0":   `invalid argument "0" for "--timeout" flag: want seconds, or a time such as 500ms, above 0 and at most 24h; see "ff help ps"`,
		"top -d 90000":     `invalid argument "90000" for "-d, --delay" flag: want seconds, or a time such as 500ms, above 0 and at most 24h; see "ff help top"`,
		"top -d NaN":       `invalid argument "NaN" for "-d, --delay" flag: want seconds, or a time such as 500ms, above 0 and at most 24h; see "ff help top"`,
		"top -p 3 -P 2":    `--max-proc 2 is below --proc 3; see "ff help top"`,
		"\x1b[2J":          `no command \x1b[2J: there are ps, top, traffic, sysctl, stats, drain, status, start, stop, restart; see "ff --help"`,
	} {
		ff(t, "", strings.Fields(args)...).want(t, 2, "", "ff: "+want+"\n")
	}
}

func TestHelp(t *testing.T) {
	for args, want := range map[string]string{
		"--help": "\n  traffic   show", "-h": "FF_SOCKET", "help": "-p, --proc N", "help ps": "with * for the leader",
		"ps --help": "with * for the leader", "top -h": "-n, --num N", "help sysctl": "Usage: ff sysctl [FLAGS] NAME[=VALUE]...\n",
		"help ff_top": "Usage: ff top [FLAGS]\n",
	} {
		got := ff(t, "", strings.Fields(args)...)
		if got.code != 0 || !strings.Contains(got.out, want) || got.errOut != "" {
			t.Errorf("%s: exit %d, %s\n%s", args, got.code, got.errOut, got.out)
		}
	}
	for _, cmd := range commands() {
		if got := ff(t, "", "help", cmd.name); !strings.HasPrefix(got.out, "Usage: ff "+cmd.name+" [FLAGS]") {
			t.Errorf("%s: %s", cmd.name, got.out)
		}
	}
}

func TestVersion(t *testing.T) {
	ff(t, "", "--version").want(t, 0, ff(t, "", "version").out, "")
	ff(t, "", "--version", "--json").want(t, 0, ff(t, "", "version", "--json").out, "")
	if got := ff(t, "", "version"); got.code != 0 || !strings.HasPrefix(got.out, "ff ") || !strings.Contains(got.out, fmt.Sprintf(", protocol %d, go", msg.Version)) {
		t.Errorf("got %+v", got)
	}
	if got := ff(t, "", "version", "--json"); got.code != 0 || !strings.Contains(got.out, fmt.Sprintf(`"protocol":%d`, msg.Version)) {
		t.Errorf("got %+v", got)
	}
}

// TestName: a link named ff_top is `ff top`, one that begins otherwise is just ff.
func TestName(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindPs: msg.PsReply{}})
	ffNamed(t, "/opt/bin/ff_ps", socket, "--json").want(t, 0, `{"procs":[],"pools":[]}`+"\n", "")
	ffNamed(t, "ff-v2", socket, "ps", "--json").want(t, 0, `{"procs":[],"pools":[]}`+"\n", "")
	ffNamed(t, "/opt/bin/ff_netstat", "", "-a").want(t, 2, "",
		"ff: no command netstat: there are ps, top, traffic, sysctl, stats, drain, status, start, stop, restart; see \"ff --help\"\n")
}

func TestSocketPath(t *testing.T) {
	const noPrimary = "ff: no primary answers at %: start ff-primary, or name its socket with --socket\n"
	env := filepath.Join(t.TempDir(), "env")
	for _, c := range []struct{ env, args, want string }{
		{"", "ps --file-prefix nobody", "/run/ringstack/nobody/control.sock"},
		{env, "ps", env},
		{env, "ps --file-prefix nobody", "/run/ringstack/nobody/control.sock"},
		{env, "--file-prefix nobody ps", "/run/ringstack/nobody/control.sock"},
		{env, "ps --socket /nonexistent/s --file-prefix nobody", "/nonexistent/s"},
		{"", "ps --socket " + os.Args[0], os.Args[0]},
		{"", "ps --socket " + os.Args[0] + "/s", os.Args[0] + "/s"},
	} {
		t.Setenv("FF_SOCKET", c.env)
		ff(t, "", strings.Fields(c.args)...).want(t, 1, "", strings.Replace(noPrimary, "%", c.want, 1))
	}
	long := "/" + strings.Repeat("x", 107)
	ff(t, long, "ps").want(t, 1, "", "ff: the path of a socket has at most 107 bytes, this one 108: "+long+"\n")
	if got := (&options{}).socketPath(); got != "/run/ringstack/ringstack/control.sock" {
		t.Errorf("default %s", got)
	}
}

// TestHostilePrimary: whatever comes back, ff says one line and ends.
func TestHostilePrimary(t *testing.T) {
	header := func(h msg.Header, payload string) rawFrame {
		b := make([]byte, msg.HeaderSize)
		h.Len = uint32(len(payload))
		h.Put(b)
		return append(b, payload...)
	}
	version9 := header(msg.Header{ID: 1, Kind: msg.KindHello}, "")
	version9[6] = 9
	for name, c := range map[string]struct {
		answers answers
		want    string
	}{
		"rubbish":       {answers{msg.KindPs: rawFrame("rubbish")}, "what answers at $ is no ringstack primary of this version: "},
		"version":       {answers{msg.KindHello: version9}, fmt.Sprintf("protocol version 9, but this side speaks %d", msg.Version)},
		"too long":      {answers{msg.KindPs: rawFrame(make([]byte, msg.MaxFrame+1))}, "a frame has at most 65536 bytes"},
		"wrong kind":    {answers{msg.KindPs: header(msg.Header{ID: 2, Kind: msg.KindTop}, "[]")}, "the primary at $: decode "},
		"no JSON":       {answers{msg.KindPs: header(msg.Header{ID: 2, Kind: msg.KindPs}, "{")}, "the primary at $: decode ps: "},
		"nothing":       {answers{msg.KindPs: nil}, "the primary at $: decode ps: "},
		"wrong type":    {answers{msg.KindPs: 5}, "decode ps: json: cannot unmarshal number"},
		"wrong id":      {answers{msg.KindPs: header(msg.Header{ID: 9, Kind: msg.KindPs}, "{}")}, "the primary at $ did not answer within 100ms"},
		"silence":       {answers{msg.KindPs: silence{}}, "the primary at $ did not answer within 100ms"},
		"silent hello":  {answers{msg.KindHello: silence{}}, "the primary at $ did not answer within 100ms"},
		"gone":          {answers{msg.KindPs: hangUp{}}, "the primary at $ has gone"},
		"gone at hello": {answers{msg.KindHello: hangUp{}}, "the primary at $ has gone"},
		"refused hello": {answers{msg.KindHello: msg.Errorf(syscall.EACCES, "uid 33 is not in group web")}, "uid 33 is not in group web"},
		"detached":      {answers{msg.KindPs: header(msg.Header{Kind: msg.KindDetach}, `{"reason":"restart"}`)}, "detached by the primary: restart"},
		"escapes":       {answers{msg.KindPs: msg.Errorf(syscall.EIO, "\x1b[2Jroot#\r\nff: all is well")}, `\x1b[2Jroot#\r\nff: all is well`},
	} {
		socket := fakePrimary(t, c.answers)
		got := ff(t, socket, "ps", "--timeout", "100ms")
		want := strings.ReplaceAll(c.want, "$", socket)
		oneLine := strings.HasPrefix(got.errOut, "ff: ") && strings.Count(got.errOut, "\n") == 1
		if !oneLine || !strings.Contains(got.errOut, want) || got.code != 1 || got.out != "" {
			t.Errorf("%s: exit %d\n%s%s", name, got.code, got.out, got.errOut)
		}
	}
}

// TestPrimaryDiesWhileSampling: it is noticed at once, not after the interval.
func TestPrimaryDiesWhileSampling(t *testing.T) {
	socket := fakePrimary(t, answers{
		msg.KindTop: inTurn([]msg.TopRow{}, hangUp{}),
	})
	ff(t, socket, "top", "-d", "0.001").want(t, 1, "", "ff: the primary at "+socket+" has gone\n")
}

func TestManyTools(t *testing.T) {
	socket := fakePrimary(t, answers{
		msg.KindPs:      somePs,
		msg.KindTop:     []msg.TopRow{{Proc: 1}},
		msg.KindTraffic: trafficBefore,
		msg.KindStats:   make([]msg.Stat, 3000),
	})
	want := make(map[string]result)
	commands := []string{"ps", "top -n1 -d0.01", "traffic -s", "stats --json"}
	for _, c := range commands {
		want[c] = ff(t, socket, strings.Fields(c)...)
	}
	var all sync.WaitGroup
	for i := range 200 {
		c := commands[i%len(commands)]
		all.Go(func() {
			if got := ff(t, socket, append(strings.Fields(c), "--timeout=1m")...); got != want[c] || got.code != 0 {
				t.Errorf("%s: %+v", c, got)
			}
		})
	}
	all.Wait()
}

// TestInterrupt: an interrupt is how one leaves top; elsewhere it is an early end.
func TestInterrupt(t *testing.T) {
	for args, want := range map[string]int{"top -d 1h": exitOK, "traffic -d 1h": exitOK, "ps": exitInterrupted, "sysctl x=1": exitInterrupted} {
		ctx, cancel := context.WithCancel(t.Context())
		interrupt := answerFunc(func(msg.Message) any { cancel(); return []struct{}{} })
		socket := fakePrimary(t, answers{
			msg.KindTop: interrupt, msg.KindTraffic: interrupt,
			msg.KindPs:     answerFunc(func(msg.Message) any { cancel(); return silence{} }),
			msg.KindSysctl: answerFunc(func(msg.Message) any { cancel(); return silence{} }),
		})
		var out, errOut bytes.Buffer
		code := run(ctx, append([]string{"ff", "--socket", socket}, strings.Fields(args)...), &out, &errOut)
		result{code, out.String(), errOut.String()}.want(t, want, "", "")
	}
}

type badWriter struct{ err error }

func (w badWriter) Write([]byte) (int, error) { return 0, w.err }

func TestOutputErrors(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindPs: somePs, msg.KindTop: []msg.TopRow{}})
	for _, args := range []string{"ps", "ps --json", "top -d 0.001"} {
		var errOut bytes.Buffer
		args := append([]string{"ff", "--socket", socket}, strings.Fields(args)...)
		if code := run(t.Context(), args, badWriter{syscall.EPIPE}, &errOut); code != 0 || errOut.Len() > 0 {
			t.Errorf("%s into a broken pipe: exit %d, %s", args, code, &errOut)
		}
		code := run(t.Context(), args, badWriter{errors.New("disk full")}, &errOut)
		if code != 1 || errOut.String() != "ff: write the output: disk full\n" {
			t.Errorf("%s to a full disk: exit %d, %s", args, code, &errOut)
		}
	}
}

func TestPermissionHint(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	if err := os.WriteFile(socket, nil, 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		mode os.FileMode
		of   string
		want string
	}{
		{socket, 0o660, socket, "mode 0660) lets in a member of group "},
		{socket, 0o640, socket, "mode 0640) lets in user "},
		{dir, 0o750, filepath.Join(dir, "gone", "s"), "mode 0750) lets in a member of group "},
		{dir, 0o700, filepath.Join(dir, "gone", "s"), "mode 0700) lets in user "},
	} {
		if err := os.Chmod(c.path, c.mode); err != nil {
			t.Fatal(err)
		}
		tl := &tool{server: primary, options: options{socket: c.of}}
		got := tl.explain(syscall.EACCES).Error()
		what := c.path
		if c.path == c.of {
			what = "it"
		}
		if !strings.HasPrefix(got, "no permission to open "+c.of+": "+what+" (owner ") || !strings.Contains(got, c.want) {
			t.Errorf("got %s", got)
		}
	}
}
