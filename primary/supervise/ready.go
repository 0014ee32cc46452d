package supervise

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ringstack/internal/notify"
	"ringstack/msg"
)

// How long processes may take.
const (
	primaryPatience = 90 * time.Second // to start: EAL clears all of its memory
	startPatience   = 30 * time.Second // of the order of things for a secondary to be live; then others come
	silence         = 10 * time.Second // of the primary's poll loop
	abortPatience   = 2 * time.Second  // of a silent primary to say where it hangs
	askTimeout      = time.Second      // of the primary to answer
)

// Pauses between two looks for a secondary.
const (
	minLook = 10 * time.Millisecond
	maxLook = time.Second
)

// launchPrimary starts the primary, which says itself when it is ready, and that it is alive.
func (s *Supervisor) launchPrimary(p program) (*child, error) {
	ear, err := notify.Listen(filepath.Join(s.dir, "notify.sock"), silence)
	if err != nil {
		return nil, err
	}
	p.env = slices.Concat(p.env, ear.Env())
	if s.cfg.Takeover {
		s.cfg.Takeover = false // the next ones are this supervisor's
		p.command = slices.Concat(p.command, []string{"--takeover"})
	}
	c, err := p.start(func() { ear.Close() }) // before the next one opens it
	if err != nil {
		return nil, errors.Join(err, ear.Close())
	}
	go s.hear(ear, c, primaryPatience, silence)
	return c, nil
}

// hear listens to the primary until it has ended, and ends one that is not ready within patience, or
// is silent for longer than silence then.
func (s *Supervisor) hear(ear *notify.Listener, c *child, patience, silence time.Duration) {
	deadline := time.Now().Add(patience)
	for ready := false; ; {
		heard, err := ear.Next(deadline)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.log.Error().Int("pid", c.pid).Bool("ready", ready).Msg("no sign of life from the primary: killed")
			c.abort()
			return
		}
		if err != nil {
			return
		}
		if heard.Ready && !ready {
			ready = true
			close(c.live)
		}
		if ready {
			deadline = time.Now().Add(silence)
		}
	}
}

// abort ends a process that hangs: a Go program first says where.
func (c *child) abort() {
	c.signal(syscall.SIGABRT)
	select {
	case <-c.ended:
	case <-time.After(abortPatience):
		c.signal(syscall.SIGKILL)
	}
}

// launchSecondary starts a secondary, which is live when the primary says so.
func (s *Supervisor) launchSecondary(p program) (*child, error) {
	c, err := p.start(nil)
	if err != nil {
		return nil, err
	}
	go s.lookFor(c)
	return c, nil
}

// lookFor waits until a process of the child's group is live, or the child has ended.
func (s *Supervisor) lookFor(c *child) {
	for pause := minLook; ; pause = min(2*pause, maxLook) {
		select {
		case <-c.ended:
			return
		case <-time.After(pause):
		}
		if slices.ContainsFunc(s.secondariesOf(c), func(p msg.Proc) bool { return p.State == "live" }) {
			close(c.live)
			return
		}
	}
}

// portsOf is the lister of secondaries. One that is just coming back to the primary is not known.
func (s *Supervisor) portsOf(c *child) (ports []string, known bool) {
	for _, p := range s.secondariesOf(c) {
		if !slices.Contains([]string{"live", "draining", "stalled"}, p.State) {
			continue
		}
		known = true
		for _, port := range p.Ports {
			if !slices.Contains(p.Ephemeral, port) {
				ports = append(ports, port)
			}
		}
	}
	return ports, known
}

// secondariesOf asks the primary which secondaries are of a child's process group. It is nothing to tell of when there is no primary just now.
func (s *Supervisor) secondariesOf(c *child) (of []msg.Proc) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	client, _, err := msg.Dial(ctx, s.cfg.DPDK.ControlSocket, msg.Hello{Role: msg.RoleTool, Program: "supervisor", Proc: msg.AnyProc})
	if err != nil {
		return nil
	}
	defer client.Close()
	var reply msg.PsReply
	if client.Call(ctx, msg.KindPs, nil, &reply) != nil {
		return nil
	}
	for _, p := range reply.Procs {
		if p.Role != msg.RoleSecondary {
			continue
		}
		if group, err := unix.Getpgid(p.PID); err == nil && group == c.pid {
			of = append(of, p)
		}
	}
	return of
}
