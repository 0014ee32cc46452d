package config

import (
	"fmt"
	"strings"
	"unicode"
)

// sectionHint says what the unknown section name may have been meant to be.
func sectionHint(name string) string {
	digits := name[len(strings.TrimRightFunc(name, unicode.IsDigit)):]
	if digits == "" {
		digits = "0"
	}
	kind, rest, _ := strings.Cut(name, ".")
	var names []string
	for _, s := range sections {
		if s.named != nil {
			if strings.TrimRight(kind, "0123456789") == s.name {
				return fmt.Sprintf("; write [%s.NAME], where NAME has up to 32 letters, digits, _ and -", s.name)
			}
			names = append(names, s.name+"."+rest)
			continue
		}
		if !s.numbered {
			names = append(names, s.name)
			continue
		}
		if name == s.name+digits {
			return fmt.Sprintf("; it has a number from %d to %d", s.first, s.last)
		}
		names = append(names, s.name+digits)
	}
	if near, ok := nearest(strings.TrimSpace(name), names); ok {
		return fmt.Sprintf("; did you mean [%s]?", near)
	}
	return ""
}

// keyHint says what the unknown key name of section s may have been meant to
// be: a key of s, or the same name in another section.
func keyHint(s *section, name string) string {
	var names []string
	for _, k := range s.keys {
		names = append(names, k.name)
	}
	if near, ok := nearest(name, names); ok {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	for _, other := range sections {
		for _, k := range other.keys {
			if k.name == name {
				return fmt.Sprintf("; it belongs in [%s]", other.example())
			}
		}
	}
	return ""
}

// nearest returns the name that takes the fewest edits to become text, if they
// are few for its length.
func nearest(text string, names []string) (best string, ok bool) {
	const longestName = 64
	if len(text) > longestName {
		return "", false
	}
	text = strings.ToLower(text)
	least := max(1, len(text)/3) + 1
	for _, name := range names {
		if len(name)-len(text) >= least || len(text)-len(name) >= least {
			continue
		}
		if d := distance(text, name); d < least {
			best, least, ok = name, d, true
		}
	}
	return best, ok
}

// distance counts the inserted, deleted, replaced and swapped bytes between a
// and b (optimal string alignment).
func distance(a, b string) int {
	before, last, this := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		this[0] = i
		for j := 1; j <= len(b); j++ {
			replace := last[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			this[j] = min(last[j]+1, this[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				this[j] = min(this[j], before[j-2]+1)
			}
		}
		before, last, this = last, this, before
	}
	return last[len(b)]
}
