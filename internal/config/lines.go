package config

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/ini.v1"
)

// Limits of the file as text.
const (
	maxFile  = 1 << 20 // bytes
	maxLines = 8192
	maxLine  = 4096 // bytes
)

// A line is a line of the file that says something: a section's header, with an
// empty key, or a key and its value.
type line struct {
	n       int // counts from 1
	section string
	key     string
	value   string
}

// scan splits a file into lines and reports what is none. A file that is no
// text at all ends the scan, as hundreds of mistakes would hide that.
func scan(data []byte, r *report) (lines []line) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	section := ""
	n := 0
	for raw := range bytes.Lines(data) {
		n++
		text, err := cleanLine(raw, n)
		if err != nil {
			r.refuse(line{n: n}, err.Error())
			return nil
		}
		if text == "" {
			continue
		}
		l, err := lex(text)
		if err != nil {
			r.refuse(line{n: n, value: text}, err.Error())
			continue
		}
		if l.key == "" {
			section = l.section
		}
		l.n, l.section = n, section
		lines = append(lines, l)
	}
	return lines
}

// cleanLine strips the comment and the blanks around. A comment starts the line
// or follows a blank, so that semicolons can separate addresses.
func cleanLine(raw []byte, n int) (string, error) {
	raw = bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
	switch {
	case n > maxLines:
		return "", errors.New("too many lines")
	case len(raw) > maxLine:
		return "", errors.New("line too long")
	case !utf8.Valid(raw) || bytes.ContainsFunc(raw, isRubbish):
		return "", errors.New("not a text file")
	}
	text := " " + strings.ReplaceAll(string(raw), "\t", " ")
	for _, mark := range []string{" #", " ;"} {
		text, _, _ = strings.Cut(text, mark)
	}
	return strings.TrimSpace(text), nil
}

func isRubbish(r rune) bool { return unicode.IsControl(r) && r != '\t' }

// lexOptions turn off all that would make a value mean more than its text.
var lexOptions = ini.LoadOptions{
	IgnoreContinuation:      true,
	IgnoreInlineComment:     true,
	PreserveSurroundedQuote: true,
}

var errNoLine = errors.New("want [section] or key=value")

// lex reads one line. ini.v1 stops at its first error and keeps no line
// numbers; given one line at a time, it finds all mistakes, with their lines.
func lex(text string) (line, error) {
	if strings.ContainsAny(text, "\"`") {
		return line{}, errors.New("quotes are not used here; write the value without them")
	}
	isHeader := text[0] == '['
	if isHeader && strings.IndexByte(text, ']') != len(text)-1 {
		return line{}, errors.New("want [section] alone in its line")
	}
	file, err := ini.LoadSources(lexOptions, []byte(text))
	if err != nil {
		return line{}, errNoLine
	}
	if isHeader {
		names := file.SectionStrings()
		return line{section: names[len(names)-1]}, nil
	}
	keys := file.Section("").Keys()
	if len(keys) != 1 {
		return line{}, errNoLine
	}
	return line{key: keys[0].Name(), value: keys[0].Value()}, nil
}
