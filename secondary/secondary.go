package secondary

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"ringstack/msg"
	"ringstack/ring"
	"ringstack/secondary/engine"
	"ringstack/shm"
)

// Config says how to attach. The zero value attaches to the primary with the default file prefix.
type Config struct {
	// Socket is the primary's control socket. "": $FF_SOCKET, or the default of FilePrefix.
	Socket string
	// FilePrefix is the primary's. "": "ringstack".
	FilePrefix string
	// Program names this program in ff ps. "": the base name of os.Args[0].
	Program string
	// Group names the secondaries that share this one's ports. "": $FF_GROUP, or Program.
	Group string
	// Proc is the wanted proc id. nil: $FF_PROC, or any that is free.
	Proc *int
	// NameServers are asked for host names. None: those of /etc/resolv.conf. See Secondary.Resolver.
	NameServers []netip.AddrPort
	// ReattachTimeout is how long to wait for the next primary when this one has gone. 0: without end.
	ReattachTimeout time.Duration
}

// Secondary is an attached program. Its methods may be called from any goroutine. It outlives its primary: when that is gone, sockets stay,
// calls wait, and connections go on with the next primary that answers at the socket.
type Secondary struct {
	cfg    Config
	hello  msg.Hello
	engine engine.Engine
	ports  registry
	leases leases
	names  *names
	line   line
	drain  drain
	proc   atomic.Int32

	// Of the goroutine that attaches.
	ticket  string
	sysctls []shm.Sysctl // that the last primary wanted set

	loop
	ctx     context.Context // done when the secondary ends
	cancel  context.CancelFunc
	stop    atomic.Bool
	stopped chan struct{} // closed when the loop has ended
	once    sync.Once
	err     error // why it ended; read after stopped
}

// ErrClosed is returned by calls on a Secondary after Close.
var ErrClosed = errors.New("secondary is closed")

// Attach connects to the primary and starts a stack. While there is no primary it waits, until ctx
// is done. A refusal comes back at once as an *msg.Error that says what to do.
func Attach(ctx context.Context, cfg Config) (*Secondary, error) {
	if err := cfg.fill(); err != nil {
		return nil, fmt.Errorf("attach: %w", err)
	}
	for {
		s, err := attach(ctx, cfg)
		switch {
		case err == nil:
			return s, nil
		case ctx.Err() != nil || !absent(err):
			return nil, fmt.Errorf("attach: %w", err)
		} // else the primary went meanwhile
	}
}

func attach(ctx context.Context, cfg Config) (*Secondary, error) {
	s := newSecondary(cfg)
	client, reply, err := dial(ctx, cfg.Socket, s.hello)
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx, client, reply); err != nil {
		client.Close()
		return nil, err
	}
	return s, nil
}

func newSecondary(cfg Config) *Secondary {
	s := &Secondary{
		cfg:     cfg,
		hello:   msg.Hello{Role: msg.RoleSecondary, Program: cfg.Program, Group: cfg.Group, Proc: msg.AnyProc},
		stopped: make(chan struct{}),
	}
	if cfg.Proc != nil {
		s.hello.Proc = *cfg.Proc
	}
	s.drain.begun = make(chan struct{})
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.loop.calls, s.loop.ended, s.loop.lcore = make(chan func(), 1), make(chan struct{}), -1
	s.sleeper = ring.NewSleeper(&s.resting)
	s.leases.ask = func(ctx context.Context) (block msg.LeaseReply, err error) {
		err = s.call(ctx, msg.KindLease, nil, &block)
		return block, err
	}
	s.ports.tell = func(kind msg.Kind, port msg.PortRequest) error {
		return s.tell(context.Background(), kind, port, nil)
	}
	s.ports.online = s.online
	s.names = s.newNames(cfg.NameServers)
	return s
}

// start makes everything from the attach message, tells the primary, and starts the loop.
func (s *Secondary) start(ctx context.Context, client *msg.Client, reply msg.Message) error {
	session, err := openSession(client, reply, s.answer)
	if err != nil {
		return orGone(client, err)
	}
	a := &session.attach
	if err = s.goOnline(session); err == nil {
		err = client.Call(ctx, msg.KindReady, msg.Ready{Unset: s.setSysctls(a.Sysctls)}, nil)
	}
	if err != nil {
		s.free(err)
		return err
	}
	s.ticket, s.sysctls = a.Ticket, a.Sysctls
	s.proc.Store(int32(a.Proc))
	s.line.set(session)
	go s.run()
	go s.tend(session)
	return nil
}

// ProcID returns the proc id that the primary has given this secondary. It changes only where a later primary has fewer
// (max_procs) or has given it away.
func (s *Secondary) ProcID() int { return int(s.proc.Load()) }

// Done is closed when the secondary has ended: by Close, or since the primary has detached it, or since
// no primary has come after the last one. Err then tells why.
func (s *Secondary) Done() <-chan struct{} { return s.stopped }

// Err returns nil until the secondary has ended, then why.
func (s *Secondary) Err() error {
	select {
	case <-s.stopped:
		return s.err
	default:
		return nil
	}
}

// Close ends all connections at once and lets go of the primary; see Shutdown. It waits for the loop, so a handler must not call it. Handlers
// hear of the end while it runs.
func (s *Secondary) Close() error {
	s.end(ErrClosed)
	<-s.stopped
	return nil
}

// end stops the loop, once, and gives the reason to all who wait.
func (s *Secondary) end(why error) {
	s.once.Do(func() {
		s.cancel()
		s.stop.Store(true)
		s.sleeper.Wake()
		<-s.ended
		s.free(why)
		s.err = why
		close(s.stopped)
	})
}

// free ends the stack, as far as start has come, and lets go of the primary. The loop does not run, or no more.
func (s *Secondary) free(why error) {
	if s.engine != nil {
		s.engine.Close(why)
	}
	if s.session != nil {
		client := s.client
		s.letGo()
		client.Close()
	}
}

// setSysctls sets what the primary wants set, and returns what this stack refuses: the configuration
// may be meant for another, and one bad line of it must not keep programs from running.
func (s *Secondary) setSysctls(wanted []shm.Sysctl) (unset []msg.SysctlRow) {
	for _, v := range wanted {
		if err := s.engine.SysctlSet(v.Name, v.Value); err != nil {
			unset = append(unset, msg.SysctlRow{
				Name: v.Name, Value: v.Value, Error: whyUnset(err), Errno: int32(errnoOf(err)),
			})
		}
	}
	return unset
}

// callTimeout bounds the short requests to the primary.
const callTimeout = 5 * time.Second
