package e2e

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ringstack/internal/testenv"
)

// h2specCases is how many cases h2spec has.
const h2specCases = 146

// deviations are the cases in which net/http does not do what h2spec wants, on any stack.
var deviations = []string{
	// It hangs up on a setting that is said twice.
	"http2/6.5.3: Sends multiple values of SETTINGS_INITIAL_WINDOW_SIZE",
	// It answers with 400, as RFC 9113 section 8.1.1 allows, and then ends the stream instead of resetting it.
	"http2/8.1.2.2: Sends a HEADERS frame that contains the connection-specific header field",
	`http2/8.1.2.2: Sends a HEADERS frame that contains the TE header field with any value other than "trailers"`,
}

// TestH2Spec runs the conformance tests of HTTP/2 against net/http on the stack, and at the same time against the same
// server on the kernel's: all cases pass but the deviations, and no case ends otherwise than there.
func TestH2Spec(t *testing.T) {
	tool := testenv.BuildTool(t, "testdata/h2spec", "github.com/summerwind/h2spec/cmd/h2spec")
	e, id, _ := newWeb(t)
	serveSite(t, e, id)
	var stack, kernel map[string]string
	t.Run("both", func(t *testing.T) {
		t.Run("stack", func(t *testing.T) { t.Parallel(); stack = runH2Spec(t, e, tool, testenv.Stack4) })
		t.Run("kernel", func(t *testing.T) { t.Parallel(); kernel = runH2Spec(t, e, tool, testenv.Peer4) })
	})
	passed := 0
	for name, failure := range stack {
		deviates := slices.Contains(deviations, name)
		switch {
		case failure == "" && deviates:
			t.Errorf("%s passes: it is no deviation any more", name)
		case failure == "":
			passed++
		case !deviates:
			t.Errorf("%s: %s", name, failure)
		}
		if on := kernel[name]; (on == "") != (failure == "") {
			t.Errorf("%s: %q on the stack, %q on the kernel's", name, failure, on)
		}
	}
	t.Logf("h2spec: %d cases passed of %d; %d deviations of net/http", passed, len(stack), len(stack)-passed)
	if len(stack) != h2specCases || len(kernel) != h2specCases {
		t.Errorf("%d cases ran, %d of them on the kernel's stack; want %d", len(stack), len(kernel), h2specCases)
	}
}

// runH2Spec returns what was wrong in each case; "": nothing.
func runH2Spec(t *testing.T, e *testenv.Env, tool, host string) map[string]string {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.xml")
	cmd := e.Netns(tool, "--host", host, "--port", "443", "--tls", "--insecure", "--strict", "--junit-report", report)
	ended := testenv.Finish(t, testenv.Command{Path: cmd.Path, Args: cmd.Args[1:]})
	lines := strings.Split(strings.TrimSpace(ended.Stdout), "\n")
	t.Log(lines[len(lines)-1])
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("h2spec: %v\n%s%s", err, ended.Stdout, ended.Stderr)
	}
	return readReport(t, text)
}

func readReport(t *testing.T, text []byte) map[string]string {
	t.Helper()
	var report struct {
		Cases []struct {
			Section string  `xml:"package,attr"`
			Name    string  `xml:"classname,attr"`
			Failure *string `xml:"failure"`
			Error   *string `xml:"error"`
			Skipped *string `xml:"skipped"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	cases := make(map[string]string)
	for _, c := range report.Cases {
		name := c.Section + ": " + c.Name
		if _, twice := cases[name]; twice {
			t.Errorf("two cases are %s", name)
		}
		cases[name] = ""
		for what, text := range map[string]*string{"failed: ": c.Failure, "error: ": c.Error, "skipped: ": c.Skipped} {
			if text != nil {
				cases[name] = what + *text
			}
		}
	}
	return cases
}
