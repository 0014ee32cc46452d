package testenv

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// The programs that link DPDK.
const (
	FFPrimary  = "ringstack/primary/ff-primary"
	Dispatcher = "ringstack/examples/dispatcher"
	Wayward    = "ringstack/internal/e2e/wayward"
)

var primaries = []string{FFPrimary, Dispatcher, Wayward}

// builds are the programs that this test process has built.
var builds struct {
	mu   sync.Mutex
	dir  string
	path map[string]string
}

// Build builds a package's program, once a test process, and returns its path. Programs that need
// no DPDK are built without cgo, as users get them.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	return build(t, "", pkg)
}

// BuildTool is Build for a program of another module, which the go.mod in dir pins.
func BuildTool(t testing.TB, dir, pkg string) string {
	t.Helper()
	return build(t, dir, pkg)
}

func build(t testing.TB, dir, pkg string) string {
	t.Helper()
	builds.mu.Lock()
	defer builds.mu.Unlock()
	if done := builds.path[pkg]; done != "" {
		return done
	}
	if builds.dir == "" {
		made, err := os.MkdirTemp("", "rsbuild")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(made, 0o755); err != nil {
			t.Fatal(err)
		}
		builds.dir, builds.path = made, make(map[string]string)
	}
	target := filepath.Join(builds.dir, path.Base(pkg))
	cmd := exec.Command("go", "build", "-o", target, pkg)
	cmd.Dir = dir
	cmd.Env = os.Environ()
	if !slices.Contains(primaries, pkg) {
		cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	builds.path[pkg] = target
	return target
}

// Main runs a package's tests and removes what Build has built; call it from TestMain.
func Main(m *testing.M) {
	m.Run() // the exit code is kept for the end of TestMain
	os.RemoveAll(builds.dir)
}
