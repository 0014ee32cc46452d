package config

import (
	"fmt"
	"io"
)

// Print writes the effective configuration: every key that ringstack acts on and
// that has a value, defaults included. What it writes is a config.ini that loads
// to an equal Config.
func (c *Config) Print(w io.Writer) error {
	p := printer{w: w}
	for _, s := range sections {
		for _, id := range s.existing(c) {
			p.section(c, s, id)
		}
	}
	return p.err
}

// existing returns the numbers of the sections s that c has; 0 stands for a
// section without number.
func (s *section) existing(c *Config) []int {
	switch {
	case s.ids != nil:
		return s.ids(c)
	case s.numbered:
		return nil
	}
	return []int{0}
}

// printer keeps the first error of its writer.
type printer struct {
	w     io.Writer
	err   error
	begun bool
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) section(c *Config, s *section, id int) {
	keys := s.printed(c, id)
	if len(keys) == 0 && s.ids == nil {
		return
	}
	if p.begun {
		p.printf("\n")
	}
	p.begun = true
	p.printf("[%s]\n", s.label(c, id))
	for _, k := range keys {
		p.printf("%s=%s\n", k.name, k.bind(c, id))
	}
}

// printed returns the rows of s that have a value in c.
func (s *section) printed(c *Config, id int) (keys []key) {
	for _, k := range s.keys {
		if k.bind != nil && k.bind(c, id).String() != "" {
			keys = append(keys, k)
		}
	}
	if s.names != nil {
		for _, name := range s.names(c) {
			if k, ok := s.key(name); ok {
				keys = append(keys, k)
			}
		}
	}
	return keys
}
