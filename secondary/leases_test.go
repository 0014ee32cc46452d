package secondary

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"ringstack/msg"
)

// lessor leases blocks of 256 ports until there are no more.
type lessor struct{ leased, max int }

func (l *lessor) ask(context.Context) (msg.LeaseReply, error) {
	if l.leased == l.max {
		return msg.LeaseReply{}, msg.Errorf(syscall.EMFILE, "no more leases")
	}
	l.leased++
	return msg.LeaseReply{First: uint16(10000 + 256*l.leased), N: 256}, nil
}

func TestLeasesGrowWithUse(t *testing.T) {
	lessor := &lessor{max: 32}
	l := leases{ask: lessor.ask}
	used := make(map[uint16]bool)
	for range 1500 {
		err := l.withPort(context.Background(), func(port uint16) error {
			if used[port] {
				return syscall.EADDRINUSE
			}
			used[port] = true
			return nil
		})
		if err != nil {
			t.Fatalf("after %d ports: %v", len(used), err)
		}
	}
	if lessor.leased < 6 || lessor.leased > 20 {
		t.Errorf("1500 ports took %d blocks of 256", lessor.leased)
	}
	for port := range used {
		if port < 10000 {
			t.Errorf("port %d was never leased", port)
		}
	}
}

func TestLeasesEnd(t *testing.T) {
	taken := func(uint16) error { return syscall.EADDRINUSE }
	none := leases{ask: (&lessor{}).ask}
	if err := none.withPort(context.Background(), taken); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("no lease to be had: %v", err)
	}
	tries := 0
	few := leases{ask: (&lessor{max: 2}).ask}
	err := few.withPort(context.Background(), func(uint16) error { tries++; return syscall.EADDRINUSE })
	if !errors.Is(err, syscall.EADDRINUSE) || tries < maxTries {
		t.Errorf("all ports in use: %v after %d tries", err, tries)
	}
	refused := errors.New("refused")
	tries = 0
	if err := few.withPort(context.Background(), func(uint16) error { tries++; return refused }); err != refused || tries != 1 {
		t.Errorf("another error: %v after %d tries", err, tries)
	}
}

// A call does not wait for longer than its context for another that asks the primary.
func TestLeaseWaitEndsWithItsContext(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	l := leases{ask: func(context.Context) (msg.LeaseReply, error) {
		close(asked)
		<-answer
		return msg.LeaseReply{First: 10240, N: 1}, nil
	}}
	patient := make(chan error, 2)
	pick := func() {
		_, err := l.pick(t.Context(), false)
		patient <- err
	}
	go pick()
	<-asked
	go pick()
	impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := l.pick(impatient, false); err != context.DeadlineExceeded {
		t.Errorf("the impatient one: %v", err)
	}
	close(answer) // for both
	for range 2 {
		if err := <-patient; err != nil {
			t.Error(err)
		}
	}
}

func TestRegistryTellsOfTheFirstAndTheLast(t *testing.T) {
	var told []msg.Kind
	var refuse error
	r := registry{tell: func(kind msg.Kind, _ msg.PortRequest) error {
		told = append(told, kind)
		return refuse
	}}
	port := msg.PortRequest{Proto: protoTCP, Port: 80}
	add := func() (*registration, error) {
		s := &registration{registry: &r, port: port}
		return s, r.add(t.Context(), s)
	}
	refuse = context.DeadlineExceeded
	if _, err := add(); err != refuse || !slices.Equal(told, []msg.Kind{msg.KindListen, msg.KindUnlisten}) {
		t.Fatalf("no answer in time: %v, the primary was told %v", err, told)
	}
	refuse = syscall.EADDRINUSE
	if _, err := add(); err != refuse {
		t.Fatalf("refusal: %v", err)
	}
	refuse, told = nil, nil
	var sockets []*registration
	for range 3 {
		s, err := add()
		if err != nil {
			t.Fatal(err)
		}
		sockets = append(sockets, s)
	}
	for _, s := range sockets {
		s.release()
		s.release() // does nothing
	}
	if len(told) != 2 || told[0] != msg.KindListen || told[1] != msg.KindUnlisten {
		t.Errorf("the primary was told %v", told)
	}
}
