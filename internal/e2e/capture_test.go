package e2e

import (
	"net"
	"strings"
	"testing"
	"time"

	"ringstack/internal/testenv"
)

// capture is a tcpdump in a test's namespace.
type capture struct {
	t testing.TB
	e *testenv.Env
	p *testenv.Process
}

// marker is a packet that tells how far a capture has come; nothing else uses its port.
const marker = "127.0.0.1:9"

// newCapture starts to capture what matches filter, in tcpdump's words.
func newCapture(t testing.TB, e *testenv.Env, filter string) *capture {
	t.Helper()
	cmd := e.Netns("tcpdump", "-i", "any", "-n", "-l", "--immediate-mode", "("+filter+") or udp dst port 9")
	c := &capture{t: t, e: e, p: e.Run(testenv.Command{Path: cmd.Path, Args: cmd.Args[1:]})}
	c.p.WaitLog("listening on")
	return c
}

// lines returns what was captured up to now, a line a packet, and ends the capture.
func (c *capture) lines() []string {
	c.t.Helper()
	err := c.e.In(func() error {
		conn, err := net.Dial("udp", marker)
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Write([]byte{0})
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.p.WaitLog("> 127.0.0.1.9:")
	c.p.Kill()
	var lines []string
	for line := range strings.Lines(c.p.Log()) {
		if strings.Contains(line, " > 127.0.0.1.9:") {
			return lines
		}
		if _, err := time.Parse("15:04:05.000000", strings.Fields(line)[0]); err == nil {
			lines = append(lines, line)
		}
	}
	c.t.Fatalf("the capture has no marker:\n%s", c.p.Log())
	return nil
}

// count returns how many of lines contain text.
func count(lines []string, text string) int {
	n := 0
	for _, line := range lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
