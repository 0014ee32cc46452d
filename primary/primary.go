package primary

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"ringstack/cgo"
	"ringstack/dispatch"
	"ringstack/internal/config"
	"ringstack/ring"
	"ringstack/shm"
)

// Primary is a running primary. Its methods New, Run belong to one goroutine.
type Primary struct {
	cfg   Config
	log   zerolog.Logger
	undo  []func() // how to take down what is up, last first
	since time.Time
	epoch uint64

	segments []cgo.Segment
	mem      *shm.Memory
	pools    []*cgo.Mempool // mbufs, one pool a NUMA socket
	msgPool  *cgo.Mempool
	owners   *owners
	control  uint64 // address of the control block
	header   *shm.Header
	ports    []*port
	procs    []*proc // by id
	served   []*proc // those whose rings the loop serves
	groups   groups
	keeper   keeper
	table    *dispatch.Table
	sysctls  []shm.Sysctl // what a secondary sets when it attaches
	warned   []shm.Sysctl // those of them that a stack has refused
	tail     dpdkTail

	sleeper *ring.Sleeper
	waker   waker
	calls   chan func()   // to be run by the poll loop
	ended   chan struct{} // closed when it runs none any more
	socket  *net.UnixListener
	gid     int                // group of the control socket, -1 for none of its own
	uid     int                // of this process
	stop    context.CancelFunc // ends Run

	loop
}

// New brings up EAL, pools, rings and ports, in that order. It opens the control socket first: secondaries that have
// lost their primary wait at it meanwhile. It locks the calling goroutine to its thread; Run has to be called on it. EAL starts only once in the
// life of a process, so does a Primary.
func New(cfg Config) (*Primary, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("DPDK needs root: start the primary as root")
	}
	runtime.LockOSThread()
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), 2)) // the poll loop keeps one for itself
	p := &Primary{
		cfg: cfg, log: cfg.Log, since: time.Now(), epoch: uint64(time.Now().UnixNano()),
		calls: make(chan func(), maxSessions), ended: make(chan struct{}), uid: os.Geteuid(),
	}
	for _, s := range cfg.Sysctls {
		p.sysctls = append(p.sysctls, shm.Sysctl(s))
	}
	steps := []struct {
		name string
		run  func() error
	}{
		{"socket group", p.findGroup},
		{"take-over", p.takeOver},
		{"run directory", p.lockRunDir},
		{"locks", p.takeLocks},
		{"control socket", p.openSocket},
		{"EAL", p.startEAL},
		{"pools", p.makePools},
		{"control block", p.makeControl},
		{"rings", p.makeProcs},
		{"dispatch", p.makeTable},
		{"state", p.restore},
		{"ports", p.startPorts},
		{"wake-up", p.startWaker},
	}
	for _, step := range steps {
		start := time.Now()
		if err := step.run(); err != nil {
			p.takeDown()
			return nil, fmt.Errorf("start %s: %w", step.name, err)
		}
		p.log.Debug().Str("step", step.name).Stringer("took", time.Since(start).Round(time.Microsecond)).Msg("up")
	}
	return p, nil
}

// Run serves until ctx is done, then stops in order: the secondaries are told, their mbufs come
// back, the ports stop and EAL is cleaned up.
func (p *Primary) Run(ctx context.Context) error {
	defer p.takeDown()
	ctx, p.stop = context.WithCancel(ctx)
	defer p.stop()
	serving, stopServing := context.WithCancel(context.Background())
	var sessions sync.WaitGroup
	p.awaitAll()
	sessions.Go(p.keepState)
	sessions.Go(func() { p.accept(serving) })
	p.log.Info().Str("socket", p.cfg.DPDK.ControlSocket).Msg("ready for secondaries")
	stop := context.AfterFunc(ctx, func() { p.do(func() {}) }) // a loop about to sleep sees the call
	defer stop()
	p.poll(ctx)
	p.log.Info().Msg("stopping")
	p.dismissAll()
	stopServing()
	sessions.Wait()
	p.log.Info().Msg("stopped")
	return nil
}

// later registers how to undo what has just been done.
func (p *Primary) later(undo func()) { p.undo = append(p.undo, undo) }

func (p *Primary) takeDown() {
	for _, undo := range slices.Backward(p.undo) {
		undo()
	}
	p.undo = nil
}

// warn logs a failure of taking something down, which nothing can be done about.
func (p *Primary) warn(err error) {
	if err != nil {
		p.log.Warn().Err(err).Msg("stop")
	}
}

// makeControl reserves the control block, and with it knows all of the shared memory.
func (p *Primary) makeControl() error {
	zone, err := cgo.ReserveMemzone(shm.ControlName, shm.ControlSize(p.cfg.DPDK.MaxProcs), cgo.MainSocket())
	if err != nil {
		return err
	}
	p.later(func() { p.warn(zone.Free()) })
	p.control = zone.Addr()
	return nil
}

// makeTable makes the dispatch table with the hash that the configuration names.
func (p *Primary) makeTable() error {
	var hash dispatch.Hash = dispatch.Modulo{}
	if p.cfg.DPDK.Dispatch == config.DispatchToeplitz {
		toeplitz, err := dispatch.NewToeplitz(p.rssKey())
		if err != nil {
			return err
		}
		hash = toeplitz
	}
	p.table = dispatch.NewTable(p.cfg.DPDK.MaxProcs, hash, p.maxHeld())
	return nil
}

func (p *Primary) rssKey() []byte {
	if p.cfg.DPDK.SymmetricRSS {
		return dispatch.SymmetricKey[:]
	}
	return dispatch.DefaultKey[:]
}

// mapMemory describes the memory that EAL has mapped. It comes after everything was allocated.
func (p *Primary) mapMemory() error {
	var err error
	if p.segments, err = cgo.Segments(); err != nil {
		return err
	}
	slices.SortFunc(p.segments, func(a, b cgo.Segment) int {
		if a.Addr < b.Addr {
			return -1
		}
		return 1
	})
	first, last := p.segments[0], p.segments[len(p.segments)-1]
	p.mem = shm.NewMemory(first.Pointer(), first.Addr, last.Addr+last.Len-first.Addr)
	p.header = p.mem.InitControl(p.control, p.cfg.DPDK.MaxProcs, p.epoch)
	p.sleeper = ring.NewSleeper(&p.header.Sleep)
	p.later(p.sleeper.Close)
	p.owners, err = newOwners(p.pools, p.cfg.DPDK.MaxProcs, p.cfg.DataRoom())
	return err
}
