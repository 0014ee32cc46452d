package tcp

import (
	"syscall"
	"testing"

	"ringstack/stack/wire"
)

// Listeners on one port: which may be beside which, and whose a connection is.
func TestListenersOfAPort(t *testing.T) {
	own4, own6 := wire.From4([4]byte{10, 0, 0, 1}), wire.Addr{0: 0xfd, 15: 1}
	kinds := map[string]ListenConfig{
		"both": {Port: 80}, "any4": {Port: 80, Addr: wire.Any4}, "any6": {Port: 80, V6Only: true},
		"own4": {Port: 80, Addr: own4}, "own6": {Port: 80, Addr: own6},
	}
	for _, c := range []struct {
		open  []string
		fail  []string // what may not be opened beside them
		four  string   // who gets a connection to own4; "": nobody
		six   string
		other string // to another IPv4 address
	}{
		{[]string{"both"}, []string{"both", "any4", "any6"}, "both", "both", "both"},
		{[]string{"any4"}, []string{"both", "any4"}, "any4", "", "any4"},
		{[]string{"any6"}, []string{"both", "any6"}, "", "any6", ""},
		{[]string{"any4", "any6"}, []string{"both", "any4", "any6"}, "any4", "any6", "any4"},
		{[]string{"own4", "any4", "any6"}, []string{"own4"}, "own4", "any6", "any4"},
		{[]string{"both", "own6"}, []string{"own6"}, "both", "own6", "both"},
	} {
		tr, err := New(Config{}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		names := map[ID]string{}
		for _, name := range c.open {
			id, errno := tr.Listen(kinds[name])
			if errno != 0 {
				t.Fatalf("%v: %s: %v", c.open, name, errno)
			}
			names[id] = name
		}
		for _, name := range c.fail {
			if _, errno := tr.Listen(kinds[name]); errno != syscall.EADDRINUSE {
				t.Errorf("%v: %s beside them: %v", c.open, name, errno)
			}
		}
		other := wire.From4([4]byte{10, 0, 0, 9})
		for addr, want := range map[*wire.Addr]string{&own4: c.four, &own6: c.six, &other: c.other} {
			if got := names[tr.listenerFor(addr, 80)]; got != want {
				t.Errorf("%v: a connection to %s goes to %q, want %q", c.open, addr, got, want)
			}
		}
	}
}
