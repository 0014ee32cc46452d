package primary

import (
	"syscall"

	"ringstack/msg"
)

// groups are the sets of secondaries that share ports. A group exists while it has members, and
// belongs to the user of its first one, so that nobody else can take a share of its traffic.
type groups struct {
	byName map[string]*group
	lastID int
}

type group struct {
	id, uid, members int
}

// join returns the id of the named group after counting one more member.
func (g *groups) join(name string, uid int) (int, error) {
	gr := g.byName[name]
	if gr == nil {
		if g.byName == nil {
			g.byName = make(map[string]*group)
		}
		g.lastID++
		gr = &group{id: g.lastID, uid: uid}
		g.byName[name] = gr
	}
	if gr.uid != uid && uid != 0 {
		return 0, msg.Errorf(syscall.EPERM, "group %q belongs to uid %d: name another group", name, gr.uid)
	}
	gr.members++
	return gr.id, nil
}

func (g *groups) leave(name string) {
	gr := g.byName[name]
	if gr.members--; gr.members == 0 {
		delete(g.byName, name)
	}
}
