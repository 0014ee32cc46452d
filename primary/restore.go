package primary

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"ringstack/internal/config"
	"ringstack/msg"
	"ringstack/shm"
)

// restore takes over what the primary before this one knew of its secondaries: what is theirs is kept for them until they are back, see
// await.go. A file that is of no use is not in the way: then the secondaries themselves tell, and until they have, what is in the middle
// of a connection is held off.
func (p *Primary) restore() error {
	s, err := readState(p.keeper.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = p.adopt(s)
	}
	if err == nil {
		return nil
	}
	p.log.Warn().Err(err).Str("file", p.keeper.path).Msg("the state of the primary before this one is lost: secondaries tell what they have")
	p.groups = groups{}
	if err := p.makeTable(); err != nil {
		return err
	}
	p.unread = true
	p.table.Doubt(true)
	return nil
}

// adopt enters a state. After an error groups and table are to be made anew; the slots are as they were.
func (p *Primary) adopt(s *savedState) error {
	for _, g := range s.Groups {
		p.groups.create(g.Name, g.UID)
	}
	for i := range s.Procs {
		p.table.Await(s.Procs[i].ID)
		if s.Procs[i].Drains {
			p.table.Drain(s.Procs[i].ID)
		}
	}
	if p.table.Awaiting() != len(s.Procs) {
		return fmt.Errorf("%w: proc ids", errState)
	}
	snapshot, err := s.table(p.groups.id)
	if err == nil {
		err = p.table.Restore(&snapshot)
	}
	if err != nil {
		return err
	}
	p.unread = s.Doubt
	p.table.Doubt(p.unread || s.Hash != p.hashName())
	for i := range s.Procs {
		p.reserve(&s.Procs[i], s.portsOf(s.Procs[i].ID))
	}
	p.groups.sweep()
	p.rememberAll(s.Sysctls)
	return nil
}

// rememberAll keeps the variables that were set at run time, as far as there is room for them.
func (p *Primary) rememberAll(list []sysctlState) {
	for _, v := range list {
		if p.configured(v.Name) != v.Was {
			continue
		}
		if err := p.remember(shm.Sysctl{Name: v.Name, Value: v.Value}); err != nil {
			p.log.Warn().Err(err).Msg("a variable of the primary before this one is lost")
		}
	}
}

// reserve keeps the slot of a secondary that lives, and gives up what one had that does not.
func (p *Primary) reserve(s *procState, ports []msg.PortRequest) {
	process, groupID, err := p.find(s)
	if err != nil {
		p.table.Leave(s.ID)
		if errors.Is(err, errNoSlot) && s.lives() { // it comes back under another id, and says what it has
			p.unread = true
			p.table.Doubt(true)
		}
		p.log.Info().Uint8("proc", s.ID).Str("program", s.Program).Int("pid", s.PID).AnErr("reason", err).
			Msg("nothing is kept for a secondary of the primary before this one")
		return
	}
	pr := p.procs[s.ID]
	pr.state, pr.since, pr.ticket, pr.process, pr.ports = stateAwaited, time.Now(), s.Ticket, process, ports
	pr.peer = peer{pid: s.PID, uid: s.UID, start: s.Start, program: s.Program, group: s.Group, groupID: groupID}
	if pr.drain = (drain{on: s.Drains}); s.DrainBy != 0 {
		pr.drain.by = time.UnixMilli(s.DrainBy)
	}
	p.logProc(pr).Msg("secondary is awaited")
}

// errNoSlot: there are fewer slots now.
var errNoSlot = errors.New("below its proc id")

// find takes hold of a secondary's process and makes it a member of its group again.
func (p *Primary) find(s *procState) (process *process, groupID int, err error) {
	if int(s.ID) >= len(p.procs) {
		return nil, 0, fmt.Errorf("max_procs=%d is %w", len(p.procs), errNoSlot)
	}
	if process, err = openProcess(s.PID, s.Start); err != nil {
		return nil, 0, err
	}
	if groupID, err = p.groups.join(s.Group, s.UID); err != nil {
		process.close()
	}
	return process, groupID, err
}

// portsOf returns the ports that a proc listens on.
func (s *savedState) portsOf(proc uint8) (ports []msg.PortRequest) {
	for i := range s.Ports {
		if p := &s.Ports[i]; slices.Contains(p.Members, proc) {
			ports = append(ports, msg.PortRequest{Proto: p.Proto, Port: p.Port})
		}
	}
	return ports
}

// savedState returns what the next life of this primary has to know.
func (p *Primary) savedState() *savedState { return p.draftState()() }

// draftState is savedState in two parts: the returned one, which takes longer where many flows are pinned, belongs to no loop.
func (p *Primary) draftState() (finish func() *savedState) {
	s := &savedState{Hash: p.hashName(), Doubt: p.table.Doubtful()}
	for name, g := range p.groups.byName {
		s.Groups = append(s.Groups, groupState{name, g.uid})
	}
	for _, pr := range p.procs {
		if pr.known() {
			s.Procs = append(s.Procs, pr.savedState())
		}
	}
	for _, v := range p.sysctls {
		if was := p.configured(v.Name); was != v.Value {
			s.Sysctls = append(s.Sysctls, sysctlState{v.Name, v.Value, was})
		}
	}
	table, groups := p.table.Snapshot(), p.groups.names()
	return func() *savedState {
		s.setTable(table, groups)
		return s
	}
}

func (pr *proc) savedState() procState {
	s := procState{
		ID: uint8(pr.id), Ticket: pr.ticket, PID: pr.peer.pid, Start: pr.peer.start, UID: pr.peer.uid,
		Program: pr.peer.program, Group: pr.peer.group, Drains: pr.drain.on,
	}
	if by := pr.drain.by; !by.IsZero() {
		s.DrainBy = by.UnixMilli()
	}
	return s
}

// configured returns the value that the configuration has for a variable, or "".
func (p *Primary) configured(name string) (value string) {
	for _, v := range p.cfg.Sysctls {
		if v.Name == name {
			value = v.Value
		}
	}
	return value
}

// hashName names the hash of the dispatch table with its key.
func (p *Primary) hashName() string {
	if p.cfg.DPDK.Dispatch == config.DispatchToeplitz {
		return p.cfg.DPDK.Dispatch + " " + hex.EncodeToString(p.rssKey())
	}
	return p.cfg.DPDK.Dispatch
}
