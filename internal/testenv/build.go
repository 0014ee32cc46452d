package testenv

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
	"testing"
)

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
	cmd.Env = os.Environ()
	if pkg != "ringstack/primary/ff-primary" {
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
	code := m.Run()
	os.RemoveAll(builds.dir)
	os.Exit(code)
}
