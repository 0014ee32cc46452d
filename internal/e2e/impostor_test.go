package e2e

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"ringstack/internal/testenv"
	"ringstack/msg"
	"ringstack/ring"
	"ringstack/shm"
)

// impostor is a secondary without a stack, that never reads what it gets and claims connections that nobody has.
type impostor struct {
	*msg.Client
	proc    int
	flows   atomic.Pointer[[]byte] // its answer to who asks for them
	answers *msg.Responder
}

// newImpostor attaches an impostor. The error is the primary's refusal.
func newImpostor(t *testing.T, e *testenv.Env, group string) (*impostor, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	client, reply, err := msg.Dial(ctx, e.Socket, msg.Hello{Role: msg.RoleSecondary, Program: "impostor", Group: group, Proc: msg.AnyProc})
	if err != nil {
		return nil, err
	}
	t.Cleanup(client.Close)
	defer reply.CloseFDs()
	var attach shm.Attach
	if err := reply.Decode(&attach); err != nil {
		t.Fatal(err)
	}
	mem, err := shm.Map(attach.Segments, reply.FDs)
	if err != nil {
		t.Fatal(err)
	}
	in, err := ring.NewConsumer(mem, attach.MsgIn)
	if err != nil {
		t.Fatal(err)
	}
	out, err := ring.NewProducer(mem, attach.MsgOut)
	if err != nil {
		t.Fatal(err)
	}
	i := &impostor{Client: client, proc: attach.Proc}
	i.flows.Store(new([]byte))
	i.answers = msg.NewResponder(ring.MessageReceiver{Consumer: in}, ring.MessageSender{Producer: out}, mem,
		func(msg.Kind, []byte) ([]byte, error) { return *i.flows.Load(), nil })
	go i.serve(mem)
	i.ask(t, msg.KindReady, msg.Ready{})
	return i, nil
}

// serve answers requests until the life line is closed.
func (i *impostor) serve(mem *shm.Memory) {
	defer mem.Unmap()
	for {
		select {
		case <-i.Done():
			return
		default:
			if !i.answers.Poll() {
				time.Sleep(100 * time.Microsecond)
			}
		}
	}
}

// ask makes a call that has to succeed.
func (i *impostor) ask(t *testing.T, kind msg.Kind, in any) {
	t.Helper()
	if err := i.try(t, kind, in); err != nil {
		t.Fatalf("%v: %v", kind, err)
	}
}

func (i *impostor) try(t *testing.T, kind msg.Kind, in any) error {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return i.Call(ctx, kind, in, nil)
}
