package primary

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/rs/zerolog"

	"ringstack/dispatch"
	"ringstack/internal/config"
	"ringstack/msg"
	"ringstack/ring"
	"ringstack/shm"
)

// newIdle makes a primary without DPDK, all of whose slots are taken by secondaries that were told to go.
func newIdle(t *testing.T, slots int) *Primary {
	p := &Primary{
		cfg:     Config{Config: new(config.Config)},
		log:     zerolog.Nop(),
		owners:  new(owners),
		sleeper: ring.NewSleeper(new(uint32)),
		calls:   make(chan func(), maxSessions),
		ended:   make(chan struct{}),
		table:   dispatch.NewTable(slots, nil, 0),
	}
	p.keeper.open(t.TempDir())
	for id := range slots {
		p.procs = append(p.procs, &proc{id: id, state: stateDetached})
	}
	return p
}

func TestNobodyAttachesToAPrimaryThatStops(t *testing.T) {
	p := newIdle(t, 2)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p.dismissAll()
	}()
	var err error
	p.do(func() {
		p.procs[0].state = stateFree
		_, _, _, err = p.admit(&session{}, &msg.Hello{Proc: msg.AnyProc})
	})
	if !errors.Is(err, syscall.ESHUTDOWN) {
		t.Errorf("admitted: %v", err)
	}
	p.do(func() { p.procs[1].state = stateFree })
	<-stopped
	if p.do(func() {}) {
		t.Error("a stopped primary runs calls")
	}
}

// TestAttachMessageIsASnapshot changes what the message was made of: it is encoded outside the loop.
func TestAttachMessageIsASnapshot(t *testing.T) {
	p := newIdle(t, 1)
	p.sysctls = []shm.Sysctl{{Name: "a", Value: "1"}}
	attach, _ := p.describe(p.procs[0])
	if err := p.remember(shm.Sysctl{Name: "a", Value: "2"}); err != nil {
		t.Fatal(err)
	}
	if attach.Sysctls[0].Value != "1" {
		t.Error("a change reached a message that was made before")
	}
}

func TestSysctlThatNobodyCheckedIsNotRemembered(t *testing.T) {
	p := newIdle(t, 1)
	go p.dismissAll() // runs calls
	value := "nonsense"
	if a := p.sysctl(msg.SysctlRequest{Proc: msg.AnyProc, Name: "net.inet.ip.ttl", Value: &value}); a.err != nil {
		t.Fatal(a.err)
	}
	p.do(func() {
		if len(p.sysctls) != 0 {
			t.Errorf("remembered %v: no secondary could attach", p.sysctls)
		}
		p.procs[0].state = stateFree
	})
	<-p.ended
}

func TestRememberedSysctlsAreLimited(t *testing.T) {
	p := newIdle(t, 0)
	for i := range maxSysctls {
		if err := p.remember(shm.Sysctl{Name: fmt.Sprint(i)}); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := p.remember(shm.Sysctl{Name: "one more"}); !errors.Is(err, syscall.ENOBUFS) {
		t.Errorf("one more: %v", err)
	}
	if err := p.remember(shm.Sysctl{Name: "7", Value: "new"}); err != nil || p.sysctls[7].Value != "new" {
		t.Errorf("a change: %v", err)
	}
}

// TestMessageBuffersAgree: packages shm and msg do not know each other.
func TestMessageBuffersAgree(t *testing.T) {
	if shm.MessageSize != msg.MaxMessage {
		t.Errorf("message buffers have %d bytes in shm, %d in msg", shm.MessageSize, msg.MaxMessage)
	}
}
