package config

import (
	"fmt"
	"strings"
)

// Mistake is one error in a config.ini.
type Mistake struct {
	File    string
	Line    int // 0 if no line of the file is to blame
	Section string
	Key     string
	Value   string
	Want    string // what Value may be; empty if Value is not what is wrong
	Problem string // what is wrong instead
}

// Error returns "config.ini:12: [dpdk] promiscuous=7: want 0 or 1".
func (m Mistake) Error() string {
	text := m.Problem
	if m.Want != "" {
		text = "want " + m.Want
	}
	return place(m.File, m.Line, m.Section, m.Key, m.Value) + ": " + text
}

// Warning is something in a config.ini that loads but may surprise.
type Warning struct {
	File    string
	Line    int // 0 if no line of the file is to blame
	Section string
	Key     string
	Value   string
	Text    string
}

// String returns "config.ini:12: [dpdk] tso=1: not supported yet, ignored".
func (w Warning) String() string {
	return place(w.File, w.Line, w.Section, w.Key, w.Value) + ": " + w.Text
}

// longestShown is how many bytes of a value a message repeats.
const longestShown = 80

func place(file string, n int, section, key, value string) string {
	var b strings.Builder
	b.WriteString(file)
	if n > 0 {
		fmt.Fprintf(&b, ":%d", n)
	}
	b.WriteString(":")
	if section != "" {
		fmt.Fprintf(&b, " [%s]", section)
	}
	if key != "" {
		fmt.Fprintf(&b, " %s=%s", key, shorten(value))
	} else if value != "" {
		fmt.Fprintf(&b, " %s", shorten(value))
	}
	return strings.TrimSuffix(b.String(), ":")
}

func shorten(s string) string {
	if len(s) <= longestShown {
		return s
	}
	return strings.ToValidUTF8(s[:longestShown], "") + "..."
}
