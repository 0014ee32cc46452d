package config

import (
	"cmp"
	"errors"
	"slices"
)

// A report gathers what is wrong with a file, and knows where it says what.
type report struct {
	file     string
	mistakes []Mistake
	warnings []Warning
	lines    map[spot]line
	faulty   map[spot]bool
	strayed  bool // a section is unknown, so one that is missing may be it
}

// A spot names a key, or with an empty key a section.
type spot struct{ section, key string }

func newReport(file string) *report {
	return &report{file: file, lines: make(map[spot]line), faulty: make(map[spot]bool)}
}

// add notes where a key or section stands; it is false if it stood somewhere
// before.
func (r *report) add(l line) bool {
	at := spot{l.section, l.key}
	if _, ok := r.lines[at]; ok {
		return false
	}
	r.lines[at] = l
	return true
}

// has reports whether the file sets a key, or has a section if key is empty.
func (r *report) has(section, key string) bool {
	_, ok := r.lines[spot{section, key}]
	return ok
}

// at returns the line that sets a key; its number is 0 if there is none.
func (r *report) at(section, key string) line {
	if l, ok := r.lines[spot{section, key}]; ok {
		return l
	}
	return line{section: section, key: key}
}

// refuse reports that l cannot stay, whatever its value.
func (r *report) refuse(l line, problem string) {
	r.faulty[spot{l.section, l.key}] = true
	r.mistake(l, Mistake{Problem: problem})
}

// wrong reports that the value of l is not what it may be.
func (r *report) wrong(l line, want string) {
	r.faulty[spot{l.section, l.key}] = true
	r.mistake(l, Mistake{Want: want})
}

// clash reports that l contradicts other keys of its section. It says nothing
// where l or one of them was refused or wrong, since the contradiction would
// only follow from that.
func (r *report) clash(l line, problem string, others ...string) {
	if r.faulty[spot{l.section, l.key}] {
		return
	}
	for _, key := range others {
		if r.faulty[spot{l.section, key}] {
			return
		}
	}
	r.mistake(l, Mistake{Problem: problem})
}

func (r *report) mistake(l line, m Mistake) {
	m.File, m.Line, m.Section, m.Key, m.Value = r.file, l.n, l.section, l.key, l.value
	r.mistakes = append(r.mistakes, m)
}

func (r *report) warn(l line, text string) {
	r.warnings = append(r.warnings, Warning{r.file, l.n, l.section, l.key, l.value, text})
}

// err joins the mistakes in the order of their lines.
func (r *report) err() error {
	slices.SortStableFunc(r.mistakes, func(a, b Mistake) int { return cmp.Compare(a.Line, b.Line) })
	errs := make([]error, len(r.mistakes))
	for i, m := range r.mistakes {
		errs[i] = m
	}
	return errors.Join(errs...)
}

// sorted returns the warnings in the order of their lines.
func (r *report) sorted() []Warning {
	slices.SortStableFunc(r.warnings, func(a, b Warning) int { return cmp.Compare(a.Line, b.Line) })
	return r.warnings
}
