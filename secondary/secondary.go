package secondary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"ringstack/msg"
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
	// Group names the secondaries that share this one's ports. "": Program.
	Group string
	// Proc is the wanted proc id. nil: any that is free.
	Proc *int
}

// Secondary is an attached program. Its methods may be called from any goroutine.
type Secondary struct {
	client *msg.Client
	attach shm.Attach
	engine engine.Engine
	ports  registry
	leases leases

	loop
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
	cfg.fill()
	hello := msg.Hello{Role: msg.RoleSecondary, Program: cfg.Program, Group: cfg.Group, Proc: msg.AnyProc}
	if cfg.Proc != nil {
		hello.Proc = *cfg.Proc
	}
	client, reply, err := dial(ctx, cfg.Socket, hello)
	if err != nil {
		return nil, fmt.Errorf("attach: %w", err)
	}
	s := &Secondary{client: client, stopped: make(chan struct{})}
	s.leases.ask = func(ctx context.Context) (block msg.LeaseReply, err error) {
		err = s.call(ctx, msg.KindLease, nil, &block)
		return block, err
	}
	s.ports.tell = func(kind msg.Kind, port msg.PortRequest) error {
		return s.call(context.Background(), kind, port, nil)
	}
	if err := s.start(ctx, reply); err != nil {
		client.Close()
		return nil, fmt.Errorf("attach: %w", err)
	}
	return s, nil
}

func (c *Config) fill() {
	if c.Program == "" {
		c.Program = filepath.Base(os.Args[0])
	}
	if c.Socket == "" {
		c.Socket = os.Getenv("FF_SOCKET")
	}
	if c.FilePrefix == "" {
		c.FilePrefix = "ringstack"
	}
	if c.Socket == "" {
		c.Socket = msg.DefaultSocket(c.FilePrefix)
	}
}

// start makes everything from the attach message, tells the primary, and starts the loop.
func (s *Secondary) start(ctx context.Context, reply msg.Message) error {
	defer reply.CloseFDs()
	if err := reply.Decode(&s.attach); err != nil {
		return err
	}
	if err := s.openMemory(reply.FDs); err != nil {
		return err
	}
	err := s.openLoop()
	if err == nil {
		s.engine, err = newEngine(s.enginePorts())
	}
	if err == nil {
		err = s.client.Call(ctx, msg.KindReady, msg.Ready{Unset: s.setSysctls()}, nil)
	}
	if err != nil {
		s.free()
		return err
	}
	go s.run()
	go s.watch()
	return nil
}

// openMemory maps the shared memory and checks that it is what this package was built for.
func (s *Secondary) openMemory(fds []int) error {
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
	return nil
}

// ProcID returns the proc id that the primary has given this secondary.
func (s *Secondary) ProcID() int { return s.attach.Proc }

// Done is closed when the secondary has ended: by Close, or since the primary is gone or has
// detached it. Err then tells why.
func (s *Secondary) Done() <-chan struct{} { return s.stopped }

// Err returns nil while the secondary is attached, then why it is no more.
func (s *Secondary) Err() error {
	select {
	case <-s.stopped:
		return s.err
	default:
		return nil
	}
}

// Close ends all connections and lets go of the primary.
func (s *Secondary) Close() error {
	s.end(ErrClosed)
	<-s.stopped
	return nil
}

// watch ends the secondary when its life line does: from then on the memory may be reused.
func (s *Secondary) watch() {
	<-s.client.Done()
	err := s.client.Err()
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("the primary is gone: %w", err)
	}
	s.end(err)
}

// end stops the loop, once, and gives the reason to all who wait.
func (s *Secondary) end(why error) {
	s.once.Do(func() {
		s.stop.Store(true)
		s.sleeper.Wake()
		<-s.ended
		s.free()
		s.client.Close()
		s.err = why
		close(s.stopped)
	})
}

// free ends the stack, as far as start has come, and lets go of the shared memory.
// The loop does not run, or no more.
func (s *Secondary) free() {
	if s.engine != nil {
		s.engine.Close()
	}
	if s.sleeper != nil {
		s.sleeper.Close()
	}
	s.mem.Unmap() // cannot fail on what Map returned
}

// setSysctls sets what the primary wants set, and returns what this stack refuses: the configuration
// may be meant for another, and one bad line of it must not keep programs from running.
func (s *Secondary) setSysctls() (unset []msg.SysctlRow) {
	for _, v := range s.attach.Sysctls {
		if err := s.engine.SysctlSet(v.Name, v.Value); err != nil {
			unset = append(unset, msg.SysctlRow{
				Proc: s.attach.Proc, Name: v.Name, Value: v.Value, Error: err.Error(), Errno: int32(errnoOf(err)),
			})
		}
	}
	return unset
}

// callTimeout bounds the short requests to the primary.
const callTimeout = 5 * time.Second

func (s *Secondary) call(ctx context.Context, kind msg.Kind, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.client.Call(ctx, kind, in, out)
}
