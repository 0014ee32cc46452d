package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf16"
)

// errBrokenPipe says that nobody reads the output any more, as after `| head`: a quiet end.
var errBrokenPipe = errors.New("broken pipe")

// flush writes out what has been printed.
func (t *tool) flush() error {
	err := t.out.Flush()
	if err != nil {
		t.out.Reset(io.Discard) // said once
	}
	if errors.Is(err, syscall.EPIPE) {
		return errBrokenPipe
	}
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// printJSON prints v as one line.
func (t *tool) printJSON(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the output: %w", err)
	}
	for _, r := range string(b) { // a terminal obeys some that JSON leaves as they are
		if unicode.IsPrint(r) {
			t.out.WriteRune(r)
			continue
		}
		for _, u := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(t.out, `\u%04x`, u)
		}
	}
	t.out.WriteByte('\n')
	return nil
}

// printable shows s on one line with whatever a terminal would obey escaped as in Go: names and
// values come from other programs.
func printable(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == unicode.ReplacementChar && !strings.HasPrefix(s[i:], string(r)): // not UTF-8
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
