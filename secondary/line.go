package secondary

import (
	"context"
	"errors"
	"sync"
	"syscall"

	"ringstack/msg"
	"ringstack/secondary/engine"
)

// line is the session that requests to the primary go over, for any goroutine.
type line struct {
	mu      sync.Mutex
	session *session      // nil: there is no primary
	changed chan struct{} // closed when there is another; nil: nobody waits
}

func (l *line) set(session *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session = session
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// get returns the session, and what is closed when there is another.
func (l *line) get() (*session, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.session, l.changed
}

// online waits for a primary.
func (s *Secondary) online(ctx context.Context) error {
	for {
		session, changed := s.line.get()
		if session != nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.stopped:
			return engine.Closed(s.err)
		}
	}
}

// tell makes a short request to the primary, once. errOffline: there is none, or it went before it answered.
func (s *Secondary) tell(ctx context.Context, kind msg.Kind, in, out any) error {
	session, _ := s.line.get()
	if session == nil {
		return errOffline
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := session.client.Call(ctx, kind, in, out)
	going := errors.Is(err, syscall.ESHUTDOWN) // the notice of that is on its way
	if err == nil || session.client.Err() == nil && !going {
		return err
	}
	select {
	case <-session.over:
		return errOffline
	case <-s.stopped:
		return engine.Closed(s.err)
	}
}

// call makes a short request to the primary. While there is none it waits for one.
func (s *Secondary) call(ctx context.Context, kind msg.Kind, in, out any) error {
	for {
		err := s.tell(ctx, kind, in, out)
		if err != errOffline {
			return err
		}
		if err := s.online(ctx); err != nil {
			return err
		}
	}
}
