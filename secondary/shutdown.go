package secondary

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ringstack/msg"
	"ringstack/secondary/engine"
)

const (
	flowPause      = 10 * time.Millisecond // between two looks at the connections
	perFlow        = 10 * time.Microsecond // and for each of them, so that many are not looked at all the time
	acceptPatience = 2 * time.Second       // for connections that are coming to be accepted
	closedPatience = time.Second           // for peers to end connections that are closed here
)

// Shutdown ends the secondary without a connection refused or cut off. New connections go to the other secondaries of its group, or have to
// try again until one comes. When none comes any more, Draining is closed, and the program may close its listeners. When all connections have
// ended, those that it has dialled, too, the secondary is closed, and Shutdown returns nil; one that was closed here, and all of which has arrived, keeps it
// for a second at most. If ctx is done before, it cuts off what
// is left and returns the context's error. Make sure that the program does not exit meanwhile, and do not call it from a handler of the event API.
func (s *Secondary) Shutdown(ctx context.Context) error {
	err := s.drained(ctx)
	if err == nil {
		err = s.awaitFlows(ctx, isOpen)
	}
	if err == nil {
		s.awaitClosed(ctx)
	}
	switch {
	case errors.Is(err, errEnded):
		err = s.err
	case err != nil:
		err = fmt.Errorf("shut down: %w", err)
	}
	s.Close()
	if err == ErrClosed {
		return nil
	}
	return err
}

// Draining is closed when no new connections come any more, since Shutdown was called or the primary was asked for it (ff drain). In the second
// case the secondary ends as by Shutdown, with a limit, whether the program does something about it or not.
func (s *Secondary) Draining() <-chan struct{} { return s.drain.begun }

func isOpen(state engine.FlowState) bool {
	return state != engine.FlowClosed && state != engine.FlowWaiting
}

// awaitClosed gives peers a moment to end connections that are closed here.
func (s *Secondary) awaitClosed(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, closedPatience)
	defer cancel()
	s.awaitFlows(ctx, func(state engine.FlowState) bool { return state == engine.FlowClosed })
}

// errEnded: the secondary has ended.
var errEnded = errors.New("ended")

// drained has the primary dispatch no new connections to this secondary.
func (s *Secondary) drained(ctx context.Context) error {
	if s.drain.ask(time.Time{}) {
		err := s.tell(ctx, msg.KindDrain, nil, nil)
		if err == errOffline && !s.drain.isUnsaid() || errors.As(err, new(*msg.Error)) {
			s.drain.begin() // there is nothing to wait for: the next primary is told when this secondary comes back, or this one cannot do it
		}
	}
	select {
	case <-s.drain.begun:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stopped:
		return errEnded
	}
}

// awaitFlows waits until there are no connections whose state counts.
func (s *Secondary) awaitFlows(ctx context.Context, counts func(engine.FlowState) bool) error {
	for {
		n := 0
		if !s.do(func() {
			s.engine.Flows(func(f engine.Flow) {
				if counts(f.State) {
					n++
				}
			})
		}) {
			<-s.stopped
			return errEnded
		}
		if n == 0 {
			return nil
		}
		select {
		case <-time.After(flowPause + time.Duration(n)*perFlow):
		case <-ctx.Done():
			return fmt.Errorf("open connections: %d: %w", n, ctx.Err())
		}
	}
}
