package primary

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	stateName    = "state"     // in the run directory
	maxState     = 64 << 20    // bytes
	retryWriting = time.Second // after a state file could not be written
)

// keeper keeps the state file up to date. Changes are counted in the poll loop; a goroutine writes the file, once for all changes
// that have come meanwhile.
type keeper struct {
	path  string
	dirty chan struct{} // has room for one

	mu       sync.Mutex
	written  sync.Cond
	changes  uint64
	saved    uint64 // of the changes
	failures uint64
	closed   bool

	writing sync.Mutex // held while the file is written
}

func (k *keeper) open(dir string) {
	k.path = filepath.Join(dir, stateName)
	k.dirty = make(chan struct{}, 1)
	k.written.L = &k.mu
}

// changed notes that the state is another. It belongs to the poll loop.
func (k *keeper) changed() {
	k.mu.Lock()
	k.changes++
	k.mu.Unlock()
	select {
	case k.dirty <- struct{}{}:
	default: // the writer has not looked yet
	}
}

// wait returns when the file has all changes so far, or could not be written: that holds nobody up.
func (k *keeper) wait() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for want := k.changes; k.saved < want && !k.closed; {
		k.written.Wait()
	}
}

// counts returns how many changes there were, and how often they could not be written.
func (k *keeper) counts() (changes, failures uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.changes, k.failures
}

// write brings the file to the state after so many changes, unless it is closed.
func (k *keeper) write(s *savedState, changes uint64) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	if k.isClosed() {
		return nil
	}
	err := k.replace(s)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.saved = changes
	if err != nil {
		k.failures++
	}
	k.written.Broadcast()
	return err
}

// close ends all writing with the state for the next primary.
func (k *keeper) close(last *savedState) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	err := k.replace(last)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	k.written.Broadcast()
	return err
}

// replace puts a whole file in the place of the one before, whenever this process is killed; nil removes it. Where that fails, what the file
// says is not so any more: an empty one is left, which the next primary takes for a lost one.
func (k *keeper) replace(s *savedState) error {
	err := k.put(s)
	if err != nil && errors.Is(os.Truncate(k.path, 0), fs.ErrNotExist) { // that needs no room, and no descriptor
		os.WriteFile(k.path, nil, 0o600)
	}
	return err
}

func (k *keeper) put(s *savedState) error {
	if s == nil {
		if err := os.Remove(k.path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	file, err := s.encode()
	if err != nil {
		return err
	}
	next := k.path + ".new"
	if err := os.WriteFile(next, file, 0o600); err != nil {
		os.Remove(next)
		return err
	}
	return os.Rename(next, k.path)
}

func (k *keeper) isClosed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}

// readState reads a state file. fs.ErrNotExist: there is none; errState: it is of no use.
func readState(path string) (*savedState, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxState+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errState, err)
	case len(content) > maxState:
		return nil, fmt.Errorf("%w: more than %d bytes", errState, maxState)
	}
	return decodeState(content)
}

// keepState writes the state file whenever the state has changed, until the poll loop has ended. A failure is logged once, until writing
// works again.
func (p *Primary) keepState() {
	var retry <-chan time.Time
	for failing := false; ; {
		select {
		case <-p.keeper.dirty:
		case <-retry:
		case <-p.ended:
			return
		}
		var finish func() *savedState
		var changes uint64
		if !p.do(func() {
			finish = p.draftState()
			changes, _ = p.keeper.counts()
		}) {
			return
		}
		err := p.keeper.write(finish(), changes)
		switch {
		case err != nil && !failing:
			p.log.Warn().Err(err).Msg("the state file cannot be written: should this primary be killed, connections may be lost")
		case err == nil && failing:
			p.log.Info().Msg("the state file is written again")
		}
		retry = nil
		if failing = err != nil; failing {
			retry = time.After(retryWriting)
		}
	}
}

// bequeath leaves the state to the next primary, while the secondaries are still there. forget is called when they have let go: where none
// lives to come back, nothing is left. Both belong to the poll loop.
func (p *Primary) bequeath() (forget func()) {
	last := p.savedState()
	p.warn(p.keeper.close(last))
	return func() {
		if !slices.ContainsFunc(last.Procs, func(s procState) bool { return s.lives() }) {
			p.warn(p.keeper.replace(nil))
		}
	}
}
