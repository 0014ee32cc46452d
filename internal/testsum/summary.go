package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// event is a line of `go test -json`, see `go doc test2json`.
type event struct {
	Action      string
	ImportPath  string // of a build
	Package     string
	Test        string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string // ImportPath of the build that kept the package from running
}

type counts struct{ passed, failed, skipped int }

func (c counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

// summary adds up the tests, those within tests included.
type summary struct {
	out    io.Writer
	total  counts
	ran    map[string]*counts  // of packages that are running
	output map[string][]string // by package and test, or by ImportPath of a build
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, ran: make(map[string]*counts), output: make(map[string][]string)}
}

// line takes an event, or any other line, which passes through.
func (s *summary) line(text []byte) {
	var e event
	if text[0] != '{' || json.Unmarshal(text, &e) != nil {
		s.out.Write(text)
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		s.output[key] = append(s.output[key], e.Output)
	case "build-output":
		s.output[e.ImportPath] = append(s.output[e.ImportPath], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(&e, s.output[key])
		} else {
			s.endTest(&e, s.output[key])
		}
		delete(s.output, key)
	}
}

func (s *summary) endTest(e *event, output []string) {
	c := s.of(e.Package)
	switch e.Action {
	case "pass":
		c.passed++
		output = logged(output)
	case "fail":
		c.failed++
	case "skip":
		c.skipped++
	}
	if len(output) > 0 {
		fmt.Fprintf(s.out, "%s %s.%s\n%s", e.Action, e.Package, e.Test, strings.Join(output, ""))
	}
}

// endPackage counts a package that has failed without a failed test, by a build or a panic, as one.
func (s *summary) endPackage(e *event, output []string) {
	c := s.of(e.Package)
	if e.Action == "fail" && c.failed == 0 {
		c.failed++
		output = append(s.output[e.FailedBuild], output...)
		fmt.Fprint(s.out, strings.Join(output, ""))
	}
	if *c != (counts{}) {
		fmt.Fprintf(s.out, "%s %s: %v (%.1f s)\n", e.Action, e.Package, c, e.Elapsed)
	}
	s.total.passed += c.passed
	s.total.failed += c.failed
	s.total.skipped += c.skipped
	delete(s.ran, e.Package)
}

// close counts packages that have not ended as failed, and prints the total.
func (s *summary) close() {
	for name := range s.ran {
		s.endPackage(&event{Action: "fail", Package: name}, []string{"no end of " + name + "\n"})
	}
	fmt.Fprintln(s.out, s.total)
}

func (s *summary) of(pkg string) *counts {
	if s.ran[pkg] == nil {
		s.ran[pkg] = new(counts)
	}
	return s.ran[pkg]
}

var logLine = regexp.MustCompile(`^ +[a-z0-9_]+_test\.go:\d+: `)

// logged returns what a test has logged, without what the go command has added.
func logged(output []string) (lines []string) {
	inLog := false
	for _, line := range output {
		inLog = logLine.MatchString(line) || inLog && strings.HasPrefix(line, "        ")
		if inLog {
			lines = append(lines, line)
		}
	}
	return lines
}
