// Command testsum reads what `go test -json` prints and shows a line for each package, what failed
// tests and those that log have printed, and last "N passed, N failed, N skipped". Other lines pass
// through. It fails when a test has failed or none has passed and, with CI=true, when one was
// skipped.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

func main() {
	ok, err := run(os.Stdin, os.Stdout, os.Getenv("CI") == "true")
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run reports whether the tests are as they should be.
func run(in io.Reader, out io.Writer, strict bool) (ok bool, err error) {
	s := newSummary(out)
	lines := bufio.NewReader(in)
	for err == nil {
		var line []byte
		line, err = lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
	}
	if err != io.EOF {
		return false, fmt.Errorf("read test events: %w", err)
	}
	s.close()
	return s.total.failed == 0 && s.total.passed > 0 && !(strict && s.total.skipped > 0), nil
}
