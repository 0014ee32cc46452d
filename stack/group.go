package stack

import (
	"syscall"
	"time"

	"ringstack/stack/wire"
)

// group is a membership of a port.
type group struct {
	addr     wire.Addr
	port     uint8
	users    int
	silent   bool // of a solicited-node group on a port that says nothing unasked
	reportAt time.Duration
	changes  int // reports of joining still to be sent
}

func (e *Engine) findGroup(port uint8, a *wire.Addr) *group {
	for i := range e.groups {
		if g := &e.groups[i]; g.addr == *a && g.port == port {
			return g
		}
	}
	return nil
}

// member reports whether a port takes packets to a group.
func (e *Engine) member(p *port, a *wire.Addr) bool {
	return *a == wire.AllNodes || *a == wire.AllHosts4 || e.findGroup(p.id, a) != nil
}

// JoinGroup makes a port take packets to a group, which is reported to the routers. Each call needs a LeaveGroup.
// EINVAL: no group or port; ENOBUFS: Config.Groups are in use.
func (e *Engine) JoinGroup(port int, a wire.Addr) syscall.Errno {
	if port < 0 || port >= len(e.ports) || !a.IsMulticast() {
		return syscall.EINVAL
	}
	return e.join(&e.ports[port], &a, false)
}

func (e *Engine) join(p *port, a *wire.Addr, silent bool) syscall.Errno {
	if g := e.findGroup(p.id, a); g != nil {
		g.users++
		return 0
	}
	if len(e.groups) >= e.config.Groups {
		return syscall.ENOBUFS
	}
	g := group{addr: *a, port: p.id, users: 1, silent: silent, reportAt: never}
	if !silent && *a != wire.AllNodes && *a != wire.AllHosts4 {
		g.changes, g.reportAt = robustness, e.now
		e.reportAt = min(e.reportAt, g.reportAt)
	}
	e.groups = append(e.groups, g)
	return 0
}

// LeaveGroup undoes a JoinGroup. ENOENT: there was none.
func (e *Engine) LeaveGroup(port int, a wire.Addr) syscall.Errno {
	if port < 0 || port >= len(e.ports) {
		return syscall.EINVAL
	}
	return e.leave(&e.ports[port], &a)
}

func (e *Engine) leave(p *port, a *wire.Addr) syscall.Errno {
	for i := range e.groups {
		g := &e.groups[i]
		if g.addr != *a || g.port != p.id {
			continue
		}
		if g.users--; g.users == 0 {
			if !g.silent {
				e.sendReport(g, wire.GroupToInclude)
			}
			e.groups = append(e.groups[:i], e.groups[i+1:]...)
		}
		return 0
	}
	return syscall.ENOENT
}

// joinSolicited joins the group to which neighbours send their questions for a (RFC 4861 section 7.2.1). Its report is for
// switches that watch; a port that is to say nothing unasked does without.
func (e *Engine) joinSolicited(p *port, a *wire.Addr) {
	g := a.SolicitedNode()
	e.join(p, &g, !p.config.Announce)
}

func (e *Engine) leaveSolicited(p *port, a *wire.Addr) {
	if !a.Is4() {
		g := a.SolicitedNode()
		e.leave(p, &g)
	}
}
