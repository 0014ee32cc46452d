package testenv

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
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

// Build builds a package's program, with build tags if there are any, once a test process, and returns its path. Programs that need
// no DPDK are built without cgo, as users get them.
func Build(t testing.TB, pkg string, tags ...string) string {
	t.Helper()
	return build(t, "", pkg, tags)
}

// BuildTool is Build for a program of another module, which the go.mod in dir pins.
func BuildTool(t testing.TB, dir, pkg string) string {
	t.Helper()
	return build(t, dir, pkg, nil)
}

func build(t testing.TB, dir, pkg string, tags []string) string {
	t.Helper()
	builds.mu.Lock()
	defer builds.mu.Unlock()
	variant := strings.Join(tags, ",")
	if done := builds.path[pkg+" "+variant]; done != "" {
		return done
	}
	folder := buildFolder(t, variant)
	target := filepath.Join(folder, path.Base(pkg)) // whatever the tags: a secondary's group is named like its program
	cmd := exec.Command("go", "build", "-tags", variant, "-o", target, pkg)
	cmd.Dir = dir
	cmd.Env = os.Environ()
	if !slices.Contains(primaries, pkg) {
		cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	builds.path[pkg+" "+variant] = target
	return target
}

// buildFolder makes the folder for programs that are built with the same tags.
func buildFolder(t testing.TB, variant string) string {
	t.Helper()
	var err error
	if builds.dir == "" {
		builds.path = make(map[string]string)
		if builds.dir, err = os.MkdirTemp("", "rsbuild"); err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(builds.dir, variant)
	if err = os.MkdirAll(folder, 0o755); err == nil {
		err = os.Chmod(builds.dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// Main runs a package's tests and removes what Build has built; call it from TestMain.
func Main(m *testing.M) {
	m.Run() // the exit code is kept for the end of TestMain
	os.RemoveAll(builds.dir)
}
