package config

import (
	"fmt"
	"io/fs"
	"math/bits"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A value reads the text of one key into a field of a Config, and writes it
// back, much as flag.Value does.
type value interface {
	// set reports whether text is allowed, and stores it if it is.
	set(text string) bool
	// want says what is allowed, to follow the word "want".
	want() string
	// String returns the field as set would read it; empty if it is not set.
	String() string
}

// field is a value that is stored in *p.
type field[T any] struct {
	p     *T
	wants string
	parse func(string) (T, bool)
	show  func(T) string
}

func (f field[T]) want() string   { return f.wants }
func (f field[T]) String() string { return f.show(*f.p) }

func (f field[T]) set(text string) bool {
	v, ok := f.parse(text)
	if ok {
		*f.p = v
	}
	return ok
}

func flagValue(p *bool) value {
	return field[bool]{
		p:     p,
		wants: "0 or 1",
		parse: func(s string) (bool, bool) { return s == "1", s == "0" || s == "1" },
		show: func(v bool) string {
			if v {
				return "1"
			}
			return "0"
		},
	}
}

// intValue takes lo to hi. A field below lo counts as not set.
func intValue(p *int, lo, hi int) value {
	return field[int]{
		p:     p,
		wants: fmt.Sprintf("a number from %d to %d", lo, hi),
		parse: func(s string) (int, bool) { return parseInt(s, lo, hi) },
		show: func(v int) string {
			if v < lo {
				return ""
			}
			return strconv.Itoa(v)
		},
	}
}

// powerValue takes the powers of two from lo to hi.
func powerValue(p *int, lo, hi int) value {
	f := intValue(p, lo, hi).(field[int])
	f.wants = fmt.Sprintf("a power of two from %d to %d", lo, hi)
	f.parse = func(s string) (int, bool) {
		n, ok := parseInt(s, lo, hi)
		return n, ok && bits.OnesCount(uint(n)) == 1
	}
	return f
}

// onlyZero takes 0, for a key whose feature would be missed if it were ignored.
func onlyZero(reason string) value {
	f := intValue(new(int), 0, 0).(field[int])
	f.wants = "0; " + reason
	return f
}

// parseInt takes plain decimal digits only: no sign, no blank, no underscore.
func parseInt(s string, lo, hi int) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int(n), err == nil && int(n) >= lo && int(n) <= hi
}

func hexValue(p *uint64) value {
	return field[uint64]{
		p:     p,
		wants: "a hexadecimal address such as 0x7f0000000000",
		parse: func(s string) (uint64, bool) {
			n, err := strconv.ParseUint(trimHexPrefix(s), 16, 64)
			return n, err == nil && n > 0
		},
		show: func(v uint64) string {
			if v == 0 {
				return ""
			}
			return fmt.Sprintf("%#x", v)
		},
	}
}

func modeValue(p *fs.FileMode) value {
	return field[fs.FileMode]{
		p:     p,
		wants: "an octal mode from 0000 to 0777, such as 0660",
		parse: func(s string) (fs.FileMode, bool) {
			n, err := strconv.ParseUint(s, 8, 32)
			return fs.FileMode(n), err == nil && n <= 0o777
		},
		show: func(v fs.FileMode) string { return fmt.Sprintf("%04o", v) },
	}
}

func choiceValue(p *string, choices ...string) value {
	return field[string]{
		p:     p,
		wants: strings.Join(choices, " or "),
		parse: func(s string) (string, bool) { return s, slices.Contains(choices, s) },
		show:  func(v string) string { return v },
	}
}

// textValue takes what the whole of pattern matches.
func textValue(p *string, pattern *regexp.Regexp, wants string) value {
	return field[string]{
		p:     p,
		wants: wants,
		parse: func(s string) (string, bool) { return s, pattern.MatchString(s) },
		show:  func(v string) string { return v },
	}
}

// maxSocketPath is the size of sockaddr_un's sun_path without the final NUL.
const maxSocketPath = 107

func socketValue(p *string) value {
	return field[string]{
		p:     p,
		wants: fmt.Sprintf("an absolute path without . and .. of at most %d bytes", maxSocketPath),
		parse: func(s string) (string, bool) {
			return s, len(s) <= maxSocketPath && len(s) > 1 && filepath.IsAbs(s) && filepath.Clean(s) == s
		},
		show: func(v string) string { return v },
	}
}

var (
	anyText = regexp.MustCompile(`^.+$`)
	// A file prefix becomes part of paths below /run, so it is one plain name.
	prefixText = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)
	// IFNAMSIZ is 16 with its final NUL.
	ifNameText = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$`)
	groupText  = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_.-]{0,31}|[0-9]{1,9})$`)
	macText    = regexp.MustCompile(`^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$`)
	pathText   = regexp.MustCompile(`^[^, ]+$`)
	// RTE_DEV_NAME_MAX_LEN is 64 with its final NUL.
	vdevText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}(,[^, ]+)*$`)
	// A section's name becomes part of a process's name, such as web.0.
	sectionName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$`)
	envName     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	sysctlName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+$`)
)
