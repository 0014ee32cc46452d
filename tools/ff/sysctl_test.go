package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ringstack/msg"
)

// fakeStacks are the variables of secondaries, by proc id.
type fakeStacks struct {
	mu   sync.Mutex
	vars map[int]map[string]string
}

// answer does what a primary and its secondaries do.
func (s *fakeStacks) answer(m msg.Message) any {
	var req msg.SysctlRequest
	if err := m.Decode(&req); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.vars[req.Proc]; !ok && req.Proc != msg.AnyProc {
		return msg.Errorf(syscall.ESRCH, "proc %d is not attached", req.Proc)
	}
	rows := []msg.SysctlRow{}
	for proc, vars := range s.vars {
		if req.Proc == msg.AnyProc || req.Proc == proc {
			rows = append(rows, oneStack(proc, vars, req)...)
		}
	}
	return rows
}

func oneStack(proc int, vars map[string]string, req msg.SysctlRequest) (rows []msg.SysctlRow) {
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if name != req.Name && req.Name != "" && !strings.HasPrefix(name, req.Name+".") {
			continue
		}
		row := msg.SysctlRow{Proc: proc, Name: name}
		switch {
		case req.Value != nil && *req.Value == "bad":
			row.Errno, row.Error = int32(syscall.EINVAL), fmt.Sprintf("%q is no number\n", *req.Value)
		case req.Value != nil:
			vars[name] = *req.Value
			fallthrough
		default:
			row.Value = vars[name]
		}
		rows = append(rows, row)
	}
	if rows == nil {
		rows = []msg.SysctlRow{{Proc: proc, Name: req.Name, Errno: int32(syscall.ENOENT), Error: "no such variable"}}
	}
	return rows
}

func twoStacks() *fakeStacks {
	return &fakeStacks{vars: map[int]map[string]string{
		0: {"net.inet.ip.ttl": "64", "net.inet.tcp.mssdflt": "1460", "kern.hostname": "a"},
		3: {"net.inet.ip.ttl": "64", "net.inet.tcp.mssdflt": "536", "kern.hostname": "a", "net.inet.tcp.rack": "1"},
	}}
}

func TestSysctl(t *testing.T) {
	for _, c := range []struct {
		args        string
		code        int
		out, errOut string
	}{
		{"net.inet.ip.ttl", 0, "net.inet.ip.ttl: 64\n", ""},
		{"-n net.inet.ip.ttl", 0, "64\n", ""},
		{"net.inet.tcp.mssdflt", 0, "proc 0: net.inet.tcp.mssdflt: 1460\nproc 3: net.inet.tcp.mssdflt: 536\n", ""},
		{"-n net.inet.tcp.mssdflt", 0, "proc 0: 1460\nproc 3: 536\n", ""},
		{"-p 3 net.inet.tcp.mssdflt", 0, "net.inet.tcp.mssdflt: 536\n", ""},
		{"net.inet.ip kern", 0, "net.inet.ip.ttl: 64\nkern.hostname: a\n", ""},
		{"-a", 0, "kern.hostname: a\nnet.inet.ip.ttl: 64\nproc 0: net.inet.tcp.mssdflt: 1460\n" +
			"proc 3: net.inet.tcp.mssdflt: 536\nproc 3: net.inet.tcp.rack: 1\n", ""},
		{"net.inet.ip.ttl=32", 0, "net.inet.ip.ttl: 64 -> 32\n", ""},
		{"-p 3 net.inet.ip.ttl=32", 0, "net.inet.ip.ttl: 64 -> 32\n", ""},
		{"-n net.inet.ip.ttl=32", 0, "64 -> 32\n", ""},
		{"net.inet.tcp.mssdflt=536", 0, "proc 0: net.inet.tcp.mssdflt: 1460 -> 536\nproc 3: net.inet.tcp.mssdflt: 536 -> 536\n", ""},
		{"kern.hostname=", 0, "kern.hostname: a -> \n", ""},
		{"kern.hostname=a=b", 0, "kern.hostname: a -> a=b\n", ""},
		{"kern.hostname kern.hostname=b kern.hostname", 0, "kern.hostname: a\nkern.hostname: a -> b\nkern.hostname: b\n", ""},
		{"kern.hostname=bad", 1, "", `ff: kern.hostname: "bad" is no number\n` + "\n"},
		{"net.inet.ip.tll kern.hostname", 1, "kern.hostname: a\n",
			"ff: unknown sysctl \"net.inet.ip.tll\" (did you mean \"net.inet.ip.ttl\"?)\n"},
		{"net.inet.ip.tll=3", 1, "", "ff: unknown sysctl \"net.inet.ip.tll\" (did you mean \"net.inet.ip.ttl\"?)\n"},
		{"net.inet.tcp.mssabcd", 1, "", "ff: unknown sysctl \"net.inet.tcp.mssabcd\"\n"},
		{"nothing.like.it", 1, "", "ff: unknown sysctl \"nothing.like.it\"\n"},
		{"net.inet.tcp.rack", 1, "proc 3: net.inet.tcp.rack: 1\n", "ff: proc 0: net.inet.tcp.rack: no such variable\n"},
		{"net.inet.tcp.rack=0", 1, "", "ff: proc 0: net.inet.tcp.rack: no such variable\nff: net.inet.tcp.rack is set in none\n"},
		{"net.inet.ip=3", 1, "", "ff: \"net.inet.ip\" is no variable: it has others below it\n"},
		{"-p 1 -a", 1, "", "ff: proc 1 is not attached\n"},
		{"--json net.inet.ip.ttl=1 -p0", 0, `[{"proc_id":0,"name":"net.inet.ip.ttl","value":"1","old":"64"}]` + "\n", ""},
		{"--json net.inet.tcp.rack", 1, `[{"proc_id":0,"name":"net.inet.tcp.rack","value":"","errno":2,"error":"no such variable"},` +
			`{"proc_id":3,"name":"net.inet.tcp.rack","value":"1"}]` + "\n", "ff: proc 0: net.inet.tcp.rack: no such variable\n"},
		{"", 2, "", "ff: name a variable, or give -a for all; see \"ff help sysctl\"\n"},
		{"-a kern", 2, "", "ff: --all takes no names; see \"ff help sysctl\"\n"},
		{"kern.hostname=1 =2", 2, "", "ff: no variable is named in \"=2\"; see \"ff help sysctl\"\n"},
	} {
		stacks := twoStacks()
		socket := fakePrimary(t, answers{msg.KindSysctl: answerFunc(stacks.answer)})
		t.Run(c.args, func(t *testing.T) {
			ffNamed(t, "ff_sysctl", socket, strings.Fields(c.args)...).want(t, c.code, c.out, c.errOut)
		})
	}
}

// TestSysctlStopsWithoutPrimary: one line is enough, however many names were given.
func TestSysctlStopsWithoutPrimary(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindSysctl: hangUp{}})
	ff(t, socket, "sysctl", "a", "b", "c").want(t, 1, "", "ff: the primary at "+socket+" has gone\n")
	ff(t, "/nonexistent", "sysctl", "a", "b", "c").want(t, 1, "",
		"ff: no primary answers at /nonexistent: start ff-primary, or name its socket with --socket\n")
}

func TestSysctlWithoutSecondaries(t *testing.T) {
	const want = "ff: no secondary is attached, so there are no variables\n"
	socket := fakePrimary(t, answers{msg.KindSysctl: []msg.SysctlRow{}})
	ff(t, socket, "sysctl", "-a").want(t, 1, "", want)
	ff(t, socket, "sysctl", "net.inet.ip.ttl").want(t, 1, "", want)
	ff(t, socket, "sysctl", "net.inet.ip.ttl=3").want(t, 1, "", want)

	calls := 0
	comes := fakePrimary(t, answers{msg.KindSysctl: answerFunc(func(msg.Message) any {
		if calls++; calls > 1 { // one comes just after it was asked for
			return []msg.SysctlRow{{Name: "net.inet.ip.ttl", Value: "64"}}
		}
		return []msg.SysctlRow{}
	})})
	ff(t, comes, "sysctl", "net.inet.ip.ttl").want(t, 1, "", want)
}

// TestSysctlUnknownToPrimary: it may refuse the name itself.
func TestSysctlUnknownToPrimary(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindSysctl: answerFunc(func(m msg.Message) any {
		var req msg.SysctlRequest
		if m.Decode(&req); req.Name != "" {
			return syscall.ENOENT
		}
		return []msg.SysctlRow{{Name: "kern.hostname"}}
	})})
	ff(t, socket, "sysctl", "kern.hostnam").want(t, 1, "", "ff: unknown sysctl \"kern.hostnam\" (did you mean \"kern.hostname\"?)\n")
}

func TestSysctlEscapes(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindSysctl: []msg.SysctlRow{
		{Name: "a\nb", Value: "\x1b[31m"}, {Name: "\x07", Error: "no\x1b[2J\nproc 9: fine"},
	}})
	ff(t, socket, "sysctl", "-a").want(t, 1, `a\nb: \x1b[31m`+"\n", `ff: \a: no\x1b[2J\nproc 9: fine`+"\n")
}

// TestSysctlSetsOnce: what was asked is what is sent.
func TestSysctlSetsOnce(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	socket := fakePrimary(t, answers{msg.KindSysctl: answerFunc(func(m msg.Message) any {
		var req msg.SysctlRequest
		m.Decode(&req)
		b, _ := json.Marshal(req)
		mu.Lock()
		asked = append(asked, string(b))
		mu.Unlock()
		return []msg.SysctlRow{{Name: req.Name}}
	})})
	ff(t, socket, "sysctl", "-p2", "x=", "y")
	want := []string{`{"proc":2,"name":"x"}`, `{"proc":2,"name":"x","value":""}`, `{"proc":2,"name":"y"}`}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
}
