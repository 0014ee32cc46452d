package secondary

import (
	"errors"
	"fmt"
	"time"

	"ringstack/msg"
	"ringstack/ring"
	"ringstack/shm"
)

// session is an attachment to one primary: all that ends with its life line. The stack lives on, see reattach.go.
type session struct {
	client  *msg.Client
	attach  shm.Attach
	mem     *shm.Memory
	header  *shm.Header
	slot    *shm.Slot
	rings   []portRings // by position in attach.Ports
	mbufs   mbufs
	msgIn   *ring.Consumer
	control *msg.Responder
	started time.Duration // CPU time of this process when it began

	over chan struct{} // closed when nobody uses it any more
}

// portRings are our ends of a port's rings.
type portRings struct {
	rx *ring.Consumer
	tx *ring.Producer
}

// openSession makes a session from the attach message. It takes the message's descriptors over, but not the client.
func openSession(client *msg.Client, reply msg.Message, answer msg.Handler) (*session, error) {
	defer reply.CloseFDs()
	s := &session{client: client, started: cpuTime(), over: make(chan struct{})}
	if err := reply.Decode(&s.attach); err != nil {
		return nil, err
	}
	if err := s.openMemory(reply.FDs); err != nil {
		return nil, err
	}
	if err := s.openRings(answer); err != nil {
		return nil, errors.Join(err, s.mem.Unmap())
	}
	return s, nil
}

// openMemory maps the shared memory and checks that it is what this package was built for.
func (s *session) openMemory(fds []int) error {
	if err := shm.CheckLayout(s.attach.Layout); err != nil {
		return fmt.Errorf("the primary's DPDK is not the one that this program was built for: %w", err)
	}
	var err error
	if s.mem, err = shm.Map(s.attach.Segments, fds); err != nil {
		return err
	}
	if s.header, err = s.mem.Control(s.attach.Control, s.attach.Epoch); err != nil {
		return errors.Join(err, s.mem.Unmap())
	}
	s.slot = s.mem.Slot(s.attach.Control, s.attach.Proc)
	return nil
}

// openRings opens our ends of all rings.
func (s *session) openRings(answer msg.Handler) error {
	a := &s.attach
	var errs [4]error
	s.mbufs.spare = make([]uint64, 0, min(spareMbufs, a.MaxMbufs/4))
	s.mbufs.alloc, errs[0] = ring.NewConsumer(s.mem, a.Alloc)
	s.mbufs.free, errs[1] = ring.NewProducer(s.mem, a.Free)
	s.msgIn, errs[2] = ring.NewConsumer(s.mem, a.MsgIn)
	msgOut, err := ring.NewProducer(s.mem, a.MsgOut)
	errs[3] = err
	for _, p := range a.Ports {
		rx, rxErr := ring.NewConsumer(s.mem, p.Rx)
		tx, txErr := ring.NewProducer(s.mem, p.Tx)
		if err := errors.Join(rxErr, txErr); err != nil {
			return err
		}
		s.rings = append(s.rings, portRings{rx, tx})
	}
	s.control = msg.NewResponder(ring.MessageReceiver{Consumer: s.msgIn}, ring.MessageSender{Producer: msgOut}, s.mem, answer)
	return errors.Join(errs[:]...)
}

// unmap lets go of the shared memory. Nobody uses it any more.
func (s *session) unmap() { s.mem.Unmap() } // cannot fail on what Map returned
