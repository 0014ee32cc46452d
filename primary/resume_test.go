package primary

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"ringstack/dispatch"
	"ringstack/msg"
	"ringstack/shm"
)

// TestStateWithTooManyVariables: those that find no room are lost, the secondaries are not.
func TestStateWithTooManyVariables(t *testing.T) {
	p := newIdle(t, 1)
	p.procs[0].state = stateFree
	for i := range maxSysctls {
		p.sysctls = append(p.sysctls, shm.Sysctl{Name: fmt.Sprint(i)})
	}
	s := saved(self(t, 0))
	s.Sysctls = []sysctlState{{Name: "one more", Value: "1"}, {Name: "7", Value: "new"}}
	if err := p.keeper.replace(s); err != nil {
		t.Fatal(err)
	}
	if err := p.restore(); err != nil {
		t.Fatal(err)
	}
	if p.procs[0].state != stateAwaited || p.table.Awaiting() != 1 || p.groups.id("web") == noGroup {
		t.Errorf("%v, %d awaited, groups %v", p.procs[0].state, p.table.Awaiting(), p.groups.byName)
	}
	if len(p.sysctls) != maxSysctls || p.sysctls[7].Value != "new" {
		t.Errorf("%d variables, %v", len(p.sysctls), p.sysctls[7])
	}
}

// TestHelloOfASecondaryThatHadTooMuch: more than any primary gives is refused before the poll loop sees it.
func TestHelloOfASecondaryThatHadTooMuch(t *testing.T) {
	for name, c := range map[string]struct {
		resume msg.Resume
		ok     bool
	}{
		"all":         {msg.Resume{Ports: make([]msg.PortRequest, maxPorts), Leases: make([]uint16, dispatch.MaxLeases)}, true},
		"one port":    {msg.Resume{Ports: make([]msg.PortRequest, maxPorts+1)}, false},
		"one lease":   {msg.Resume{Leases: make([]uint16, dispatch.MaxLeases+1)}, false},
		"whole hello": {msg.Resume{Leases: make([]uint16, msg.MaxRequest/3)}, false},
	} {
		payload, err := json.Marshal(msg.Hello{Version: msg.Version, Role: msg.RoleSecondary, Program: "p", Resume: &c.resume})
		if err != nil {
			t.Fatal(err)
		}
		m := msg.Message{Header: msg.Header{Kind: msg.KindHello}, Payload: payload}
		if err := checkHello(&m, new(msg.Hello)); (err == nil) != c.ok || err != nil && !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOneLineTellsOfAllThatIsLost however much a secondary says it had.
func TestOneLineTellsOfAllThatIsLost(t *testing.T) {
	p := restored(t, saved(self(t, 0)))
	var log lines
	p.log = zerolog.New(&log)
	had := msg.Resume{Leases: []uint16{1, 2, 3}, Ports: []msg.PortRequest{{Proto: 6, Port: 80}, {Proto: 1, Port: 2}, {Proto: 6}}}
	var a shm.Attach
	p.reinstate(p.procs[1], &had, &a)
	if !slices.Equal(a.LostLeases, had.Leases) || len(a.Refused) != 3 {
		t.Errorf("leases %v, ports %v", a.LostLeases, a.Refused)
	}
	if len(log) != 1 {
		t.Errorf("%d lines: %s", len(log), log)
	}
}

type lines []string

func (l *lines) Write(p []byte) (int, error) {
	*l = append(*l, string(p))
	return len(p), nil
}

// TestGraceEnds though a secondary that has come back never gets ready.
func TestGraceEnds(t *testing.T) {
	p := restored(t, saved(self(t, 0)))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for f := range p.calls {
			f()
		}
	}()
	p.procs[0].state, p.procs[0].resumed = stateAttaching, true
	p.unread = true
	p.table.Doubt(true)
	p.awaitAll()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		var doubt bool
		p.do(func() { doubt = p.table.Doubtful() || p.unread })
		if !doubt {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("still in doubt")
		}
	}
	close(p.calls)
	<-ended
}
