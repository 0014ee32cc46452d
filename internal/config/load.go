package config

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// Load reads and checks the config.ini at path. The error joins a Mistake for
// every one that was found, in the order of the lines (errors.As finds the
// first), or says why the file cannot be read. Warnings come with and without
// an error.
func Load(path string) (*Config, []Warning, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("load config: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("load config: %w", err)
	}
	if len(data) > maxFile {
		return nil, nil, fmt.Errorf("load config: %s is larger than %d bytes", path, maxFile)
	}
	return parse(path, data)
}

// parse is Load for the text of a file; name is for messages only.
func parse(name string, data []byte) (*Config, []Warning, error) {
	r := newReport(name)
	lines := scan(data, r)
	if len(lines) == 0 && len(r.mistakes) == 0 {
		r.refuse(line{}, "no settings in it")
	}
	if len(lines) == 0 {
		return nil, nil, r.err()
	}
	c := defaults()
	read(c, lines, r)
	validate(c, r)
	warnings := r.sorted()
	if err := r.err(); err != nil {
		return nil, warnings, err
	}
	derive(c)
	return c, warnings, nil
}

// read stores every line in c.
func read(c *Config, lines []line, r *report) {
	var s *section
	var id int
	for _, l := range lines {
		if l.key == "" {
			if s, id = findSection(c, l.section); s == nil {
				r.strayed = true
				r.refuse(l, "unknown section"+sectionHint(l.section))
				continue
			}
			openSection(c, s, id, l, r)
			continue
		}
		switch {
		case l.section == "":
			r.refuse(l, "comes before the first [section]")
		case s != nil && s.refused == "":
			readKey(c, s, id, l, r)
		}
	}
}

func openSection(c *Config, s *section, id int, l line, r *report) {
	switch {
	case !r.add(l):
	case s.refused != "":
		r.refuse(l, s.refused)
	case s.later:
		r.warn(l, "not supported yet, ignored")
	case s.open != nil:
		s.open(c, id)
	}
}

func readKey(c *Config, s *section, id int, l line, r *report) {
	k, ok := s.key(l.key)
	if !ok {
		r.refuse(l, "unknown key"+keyHint(s, l.key))
		return
	}
	if !r.add(l) {
		r.refuse(l, fmt.Sprintf("set before, in line %d", r.at(l.section, l.key).n))
		return
	}
	if k.bind != nil {
		if v := k.bind(c, id); !v.set(l.value) {
			r.wrong(l, v.want())
		}
		return
	}
	if slices.Contains(k.off, l.value) {
		return
	}
	if v := k.check(); !v.set(l.value) {
		r.wrong(l, v.want())
	} else if !k.quiet && !s.later {
		r.warn(l, "not supported yet, ignored")
	}
}

// findSection returns the section that is called name, and its number in c.
func findSection(c *Config, name string) (*section, int) {
	for _, s := range sections {
		if id, ok := s.match(c, name); ok {
			return s, id
		}
	}
	return nil, 0
}
