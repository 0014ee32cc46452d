package supervise

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"ringstack/internal/config"
	"ringstack/internal/lock"
	"ringstack/internal/uds"
	"ringstack/msg"
)

// primaryStop is how long the primary may take from SIGTERM until it is killed. It gives its
// secondaries a second, and DPDK takes its time to give memory back.
const primaryStop = 20 * time.Second

// Config says what a supervisor keeps.
type Config struct {
	*config.Config
	Primary []string // command line of the primary, the program by its absolute path
	// Takeover has the first primary take over from the one that runs, if there is one.
	Takeover bool
	Log      zerolog.Logger
	// Ready, if not nil, is called once, when all have been started.
	Ready func()
}

// Supervisor keeps a primary and its secondaries.
type Supervisor struct {
	cfg    Config
	log    zerolog.Logger
	dir    string // of the file prefix, in msg.RunDir
	gid    int    // of the control sockets, -1 for none of its own
	groups []group
	socket *net.UnixListener
	undo   []func() // how to take down what is up, last first
}

// New checks everything and opens the supervisor's socket, but starts nothing. One error stands for
// all mistakes in the [proc.NAME] sections.
func New(cfg Config) (*Supervisor, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("the primary needs root: start its supervisor as root")
	}
	s := &Supervisor{cfg: cfg, log: cfg.Log, dir: filepath.Join(msg.RunDir, cfg.DPDK.FilePrefix)}
	for _, step := range []func() error{s.findGroup, hideDescriptors, s.makeKeepers, s.takeLock, s.openSocket} {
		if err := step(); err != nil {
			s.takeDown()
			return nil, err
		}
	}
	return s, nil
}

// Run starts everything, keeps it running until ctx is done, and stops it. The error says why the
// primary did not start the first time; later on, it is started again for ever.
func (s *Supervisor) Run(ctx context.Context) error {
	defer s.takeDown()
	var keepers, sessions sync.WaitGroup
	for _, g := range s.groups {
		for _, k := range g.keepers {
			keepers.Go(k.run)
		}
	}
	serving, stopServing := context.WithCancel(ctx)
	defer stopServing()
	sessions.Go(func() { s.accept(serving) })
	err := s.startAll(ctx)
	if err == nil && ctx.Err() == nil {
		s.log.Info().Str("socket", s.socket.Addr().String()).Msg("all started")
		if s.cfg.Ready != nil {
			s.cfg.Ready()
		}
		<-ctx.Done()
	}
	stopServing()
	sessions.Wait() // so that nobody starts what is stopped here
	s.log.Info().Msg("stopping")
	s.stopAll()
	for _, g := range s.groups {
		for _, k := range g.keepers {
			close(k.orders)
		}
	}
	keepers.Wait()
	s.log.Info().Msg("stopped")
	return err
}

func (s *Supervisor) findGroup() (err error) {
	if s.gid, err = uds.GroupID(s.cfg.DPDK.SocketGroup); err != nil {
		return fmt.Errorf("socket_group=%s: %w", s.cfg.DPDK.SocketGroup, err)
	}
	return nil
}

func (s *Supervisor) makeKeepers() error {
	primary := newKeeper(config.PrimaryName, program{command: s.cfg.Primary, env: os.Environ()}, s.launchPrimary, primaryStop, s.log)
	primary.check = s.checkPrimary
	s.groups = []group{{config.PrimaryName, []*keeper{primary}}}
	var errs []error
	for i := range s.cfg.Procs {
		g, err := s.makeSecondaries(&s.cfg.Procs[i])
		s.groups, errs = append(s.groups, g), append(errs, err)
	}
	return errors.Join(errs...)
}

// primary returns the keeper of the primary.
func (s *Supervisor) primary() *keeper { return s.groups[0].keepers[0] }

// takeLock makes sure that a file prefix has one supervisor.
func (s *Supervisor) takeLock() error {
	prefix := s.cfg.DPDK.FilePrefix
	l, err := lock.Take(s.dir, "supervisor.lock", lock.Self(prefix))
	var held *lock.HeldError
	if errors.As(err, &held) {
		return fmt.Errorf("a supervisor with file_prefix=%s runs already, pid %s: stop it or choose another file_prefix", prefix, held.PID())
	}
	if err != nil {
		return err
	}
	s.later(func() {
		l.Release()
		os.Remove(s.dir) // stays when it is not empty
	})
	return nil
}

func (s *Supervisor) openSocket() (err error) {
	path := msg.SupervisorSocket(s.cfg.DPDK.ControlSocket)
	if s.socket, err = uds.Listen(path, s.gid, s.cfg.DPDK.SocketMode); err != nil {
		return fmt.Errorf("%s, beside control_socket: %w", path, err)
	}
	s.later(func() { s.socket.Close() })
	return nil
}

func (s *Supervisor) later(undo func()) { s.undo = append(s.undo, undo) }

func (s *Supervisor) takeDown() {
	for _, undo := range slices.Backward(s.undo) {
		undo()
	}
	s.undo = nil
}
