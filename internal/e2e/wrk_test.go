package e2e

import (
	"net"
	"regexp"
	"strings"
	"testing"

	"ringstack/internal/testenv"
)

var wrkRate = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)

// TestWrk loads a server with many connections, kept and opened anew, of a program that knows nothing of us.
func TestWrk(t *testing.T) {
	e := testenv.New(t, testenv.Config{})
	e.Secondary(httpd)
	for _, host := range []string{testenv.Stack4, testenv.Stack6} {
		url := "http://" + net.JoinHostPort(host, "80") + "/"
		t.Run(host+" kept", func(t *testing.T) { wrk(t, e, "-c", "100", url) })
		t.Run(host+" anew", func(t *testing.T) { wrk(t, e, "-c", "20", "-H", "Connection: close", url) })
	}
}

func wrk(t *testing.T, e *testenv.Env, args ...string) {
	out := run(t, e, "wrk", append([]string{"-t", "1", "-d", "1", "--timeout", "5"}, args...)...)
	found := wrkRate.FindStringSubmatch(out)
	if found == nil || found[1] == "0.00" || strings.Contains(out, "Socket errors") || strings.Contains(out, "Non-2xx") {
		t.Fatalf("wrk %s:\n%s", strings.Join(args, " "), out)
	}
	t.Logf("%s requests a second", found[1])
}
