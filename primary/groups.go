package primary

import (
	"maps"
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
		gr = g.create(name, uid)
	}
	if gr.uid != uid && uid != 0 {
		return 0, msg.Errorf(syscall.EPERM, "group %q belongs to uid %d: name another group", name, gr.uid)
	}
	gr.members++
	return gr.id, nil
}

// create makes a group that has no members yet.
func (g *groups) create(name string, uid int) *group {
	if g.byName == nil {
		g.byName = make(map[string]*group)
	}
	g.lastID++
	gr := &group{id: g.lastID, uid: uid}
	g.byName[name] = gr
	return gr
}

func (g *groups) leave(name string) {
	gr := g.byName[name]
	if gr.members--; gr.members == 0 {
		delete(g.byName, name)
	}
}

// sweep removes the groups without members.
func (g *groups) sweep() {
	maps.DeleteFunc(g.byName, func(_ string, gr *group) bool { return gr.members == 0 })
}

// noGroup is no group's id. A port that all members have stopped listening on may outlive its group.
const noGroup = 0

// id returns the id of the named group, or noGroup.
func (g *groups) id(name string) int {
	if gr := g.byName[name]; gr != nil {
		return gr.id
	}
	return noGroup
}

// names returns the names by id.
func (g *groups) names() map[int]string {
	names := make(map[int]string, len(g.byName))
	for name, gr := range g.byName {
		names[gr.id] = name
	}
	return names
}
