package config

import (
	"strconv"
	"strings"
)

// A section is one row of the table of sections.
type section struct {
	name string // without the number, if it is numbered
	keys []key
	// other makes a row for a name that is not in keys, if the section takes it;
	// names lists those that are set. Both are nil for a section of fixed keys,
	// and names for one that is not kept.
	other func(name string) (key, bool)
	names func(c *Config) []string

	// A numbered section such as [port0] has numbers from first to last.
	numbered    bool
	first, last int
	// open makes the section N in a Config, so that it exists without keys; ids
	// lists those that exist. Both are nil for sections that are not kept.
	open func(c *Config, id int)
	ids  func(c *Config) []int

	// A named section such as [proc.web] has a number from its place in the file.
	// named returns it, and makes the section if there is none; nameOf is the
	// reverse. Both are nil for other sections.
	named  func(c *Config, name string) int
	nameOf func(c *Config, id int) string

	// later is set if ringstack does not act on the section yet.
	later bool
	// refused says why the section cannot be used; ignoring it would do harm.
	refused string
}

// A key is one row of the table of keys. A key without bind is known, but
// ringstack does not act on it yet.
type key struct {
	name string
	bind func(c *Config, id int) value
	// check is the value of a key without bind; nothing keeps what it reads.
	check func() value
	// off lists the texts for which ignoring the key changes nothing; anything
	// else gets a warning. With quiet, nothing does: another key decides.
	off   []string
	quiet bool
}

func dpdk(name string, of func(*DPDK) value) key {
	return key{name: name, bind: func(c *Config, _ int) value { return of(&c.DPDK) }}
}

func port(name string, of func(*Port) value) key {
	return key{name: name, bind: func(c *Config, id int) value { return of(c.port(id)) }}
}

func vdev(name string, of func(*Vdev) value) key {
	return key{name: name, bind: func(c *Config, id int) value { return of(c.vdev(id)) }}
}

func proc(name string, of func(*Proc) value) key {
	return key{name: name, bind: func(c *Config, id int) value { return of(&c.Procs[id]) }}
}

func perPort() (keys []key) {
	for _, k := range addrKeys {
		keys = append(keys, port(k.name, k.of))
	}
	return keys
}

func perVlan() (keys []key) {
	for _, k := range addrKeys {
		keys = append(keys, later(k.name, func() value { return k.of(new(Port)) }))
	}
	return keys
}

// sysctl is the row of one name in [freebsd.sysctl].
func sysctl(name string) (key, bool) {
	bind := func(c *Config, _ int) value { return sysctlValue{c, name} }
	return key{name: name, bind: bind}, sysctlName.MatchString(name)
}

// later is a key of F-Stack's that has no effect yet; with one of off, or with
// nothing, it would have none anyway.
func later(name string, check func() value, off ...string) key {
	return key{name: name, check: check, off: append(off, "")}
}

// quiet is a key of F-Stack's that has no effect yet, and that only refines
// another one, which gets the warning.
func quiet(name string, check func() value) key {
	return key{name: name, check: check, quiet: true, off: []string{""}}
}

func anyFlag() value { return flagValue(new(bool)) }
func text() value    { return textValue(new(string), anyText, "some text") }

func number(lo, hi int) func() value {
	return func() value { return intValue(new(int), lo, hi) }
}

func list(lo, hi int) func() value {
	return func() value { return intsValue(new([]int), lo, hi) }
}

func choice(choices ...string) func() value {
	return func() value { return choiceValue(new(string), choices...) }
}

// match returns the number in c of the section called name, if it is one of s;
// 0 stands for a section without number.
func (s *section) match(c *Config, name string) (id int, ok bool) {
	rest, ok := strings.CutPrefix(name, s.name)
	switch {
	case !ok:
		return 0, false
	case s.numbered:
		id, ok = parseInt(rest, s.first, s.last)
		return id, ok && strconv.Itoa(id) == rest
	case s.named != nil:
		if rest, ok = strings.CutPrefix(rest, "."); !ok || !sectionName.MatchString(rest) {
			return 0, false
		}
		return s.named(c, rest), true
	}
	return 0, rest == ""
}

// label returns the section's name with its number or name.
func (s *section) label(c *Config, id int) string {
	switch {
	case s.numbered:
		return s.name + strconv.Itoa(id)
	case s.named != nil:
		return s.name + "." + s.nameOf(c, id)
	}
	return s.name
}

// example returns how one of the sections s may be called.
func (s *section) example() string {
	switch {
	case s.numbered:
		return s.name + strconv.Itoa(s.first)
	case s.named != nil:
		return s.name + ".NAME"
	}
	return s.name
}

// key returns the row of the key name, which may not exist.
func (s *section) key(name string) (k key, ok bool) {
	for _, k := range s.keys {
		if k.name == name {
			return k, true
		}
	}
	if s.other != nil {
		return s.other(name)
	}
	return key{}, false
}
