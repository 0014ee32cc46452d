package supervise

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// killPatience is how long a process may take to go that was killed. One that is stuck in the kernel
// goes when that lets it.
const killPatience = 5 * time.Second

// keeper keeps one process running, or stopped.
type keeper struct {
	name        string
	program     program
	launch      launcher
	uid         int           // of the user who may order it about, beside root
	overlaps    bool          // its successor may run beside it
	others      []*keeper     // of its section
	check       checker       // nil: nothing is checked
	ports       lister        // nil: it is no secondary
	waitPorts   time.Duration // for ports that there were before
	turn        turn
	stopTimeout time.Duration // from SIGTERM to SIGKILL
	log         zerolog.Logger
	orders      chan func() // to be run by its goroutine; closed when no more come

	// Of the goroutine alone.
	wanted bool
	child  *child // nil: no process
	pause  backoff
	timer  *time.Timer // of the pause, or until the process is killed
	killed bool        // since the timer ran out

	mu      sync.Mutex
	status  status
	changed chan struct{} // closed at the next change of status
}

// checker says why a process that were stopped now could not be started again.
type checker func(context.Context) error

// lister returns the ports that a child listens on, as far as it has chosen them itself. known is false where that is not to be had now.
type lister func(*child) (ports []string, known bool)

// launcher starts a program and closes the live channel of its child when that does its work.
type launcher func(program) (*child, error)

func newKeeper(name string, p program, launch launcher, stopTimeout time.Duration, log zerolog.Logger) *keeper {
	k := &keeper{
		name: name, program: p, launch: launch, stopTimeout: stopTimeout, waitPorts: portPatience,
		log:    log.With().Str("unit", name).Logger(),
		orders: make(chan func()), changed: make(chan struct{}),
		timer: time.NewTimer(0),
	}
	<-k.timer.C
	return k
}

// start wants the process and waits until it is live. The error says why it is not.
func (k *keeper) start(ctx context.Context) error {
	ends, err := k.order(ctx, true)
	if err != nil {
		return err
	}
	st, err := k.await(ctx, func(st status) bool {
		return st.state == stateLive || st.state == stateStopped || st.ends > ends
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s is not live in time: it is %v", k.name, st.state)
	case err != nil:
		return err
	case st.ends > ends:
		return fmt.Errorf("%s ended before it was live: %s", k.name, st.lastEnd)
	case st.state == stateStopped:
		return fmt.Errorf("%s was stopped meanwhile", k.name)
	}
	return nil
}

// stop wants the process no more and waits for its end.
func (k *keeper) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, k.stopTimeout+killPatience)
	defer cancel()
	if _, err := k.order(ctx, false); err != nil {
		return err
	}
	st, err := k.await(ctx, func(st status) bool { return st.state != stateStopping })
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s does not end, even killed", k.name)
	case err == nil && st.state != stateStopped:
		return fmt.Errorf("%s was started again meanwhile", k.name)
	}
	return err
}

// order tells the keeper what is wanted. It returns its number of ends, not counting a process that is
// still to end for an earlier order.
func (k *keeper) order(ctx context.Context, run bool) (ends int, err error) {
	err = k.do(ctx, func() { ends = k.obey(run) })
	return ends, err
}

// do has the keeper's goroutine run f.
func (k *keeper) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case k.orders <- func() { f(); close(done) }:
		<-done
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// current returns the process that is kept, or nil.
func (k *keeper) current(ctx context.Context) (c *child, err error) {
	err = k.do(ctx, func() { c = k.child })
	return c, err
}
