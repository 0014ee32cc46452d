package arch

import (
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	unix    = "golang.org/x/sys/unix"
	pflag   = "github.com/spf13/pflag"
	zerolog = "github.com/rs/zerolog"
)

// arrows are the imports that each package may have beside the standard library. A pattern as of
// path.Match, or one that ends in /..., stands for several.
var arrows = []struct {
	pkg string
	may []string
}{
	{"cgo", nil},
	{"shm", []string{unix}},
	{"ring", []string{unix, "shm"}},
	{"dispatch", nil},
	{"msg", nil},
	{"stack", []string{"stack/..."}},
	{"stack/...", []string{"stack/..."}},
	{"primary", []string{unix, zerolog, "cgo", "shm", "ring", "dispatch", "msg", "internal/config", "internal/lock", "internal/uds"}},
	{"primary/supervise", []string{unix, zerolog, "msg", "internal/config", "internal/lock", "internal/notify", "internal/uds"}},
	{"primary/ff-primary", []string{pflag, zerolog, "msg", "primary", "primary/supervise", "internal/config", "internal/notify", "internal/version"}},
	{"secondary", []string{unix, "shm", "ring", "msg", "secondary/engine", "secondary/native", "secondary/gvisor"}},
	{"secondary/engine", nil},
	{"secondary/native", []string{"stack", "stack/...", "secondary/engine"}},
	{"secondary/gvisor", []string{"gvisor.dev/gvisor/...", "secondary/engine"}},
	{"secondary/enginetest", []string{"secondary/engine", "internal/cable", "internal/site"}},
	{"tools/ff", []string{pflag, "msg", "internal/config", "internal/version"}},
	{"bench", []string{unix, pflag, "secondary/engine", "secondary/native", "secondary/gvisor", "internal/cable"}},
	{"examples/dispatcher", []string{pflag, zerolog, "primary", "dispatch"}}, // a primary of its own
	{"examples/*", []string{pflag, "secondary"}},
	{"internal/config", []string{"gopkg.in/ini.v1"}},
	{"internal/lock", []string{unix}},
	{"internal/uds", []string{unix, "msg"}},
	{"internal/cable", []string{"secondary/engine"}},
	{"internal/testdns", []string{"golang.org/x/net/dns/dnsmessage"}},
	{"internal/testenv", []string{unix, "msg", "shm", "ring"}},
	{"internal/e2e/wayward", []string{zerolog, "primary", "dispatch"}}, // another
	{"internal/e2e/web", []string{"internal/site", "secondary"}},
	{"internal/e2e/courier", []string{pflag, "internal/e2e/parcel", "secondary"}},
	{"internal/e2e/*", []string{unix, pflag, "msg", "shm", "ring", "secondary"}}, // programs under test
	{"internal/site", []string{"golang.org/x/net/websocket"}},
	{"internal/*", nil},
}

func TestImportsRunOneWay(t *testing.T) {
	for _, file := range sources(t) {
		may, known := allowed(file.pkg)
		if !known {
			t.Errorf("%s: the arrows do not know package %s", file.path, file.pkg)
			continue
		}
		for _, imported := range file.imports(t) {
			if !standard(imported) && !matches(may, strings.TrimPrefix(imported, module)) {
				t.Errorf("%s imports %s; package %s may import %q", file.path, imported, file.pkg, may)
			}
		}
	}
}

func allowed(pkg string) (may []string, known bool) {
	for _, arrow := range arrows {
		if matches([]string{arrow.pkg}, pkg) {
			return arrow.may, true
		}
	}
	return nil, false
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if tree, ok := strings.CutSuffix(pattern, "..."); ok {
			return strings.HasPrefix(name, tree)
		}
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

// standard reports whether a path is one of the standard library: its first part has no dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && !strings.HasPrefix(imported, module)
}

func TestOnlyCgoIsUnsafeEverywhere(t *testing.T) {
	for _, file := range sources(t) {
		for _, imported := range file.imports(t) {
			switch {
			case imported == "C" && file.pkg != "cgo":
				t.Errorf("%s imports C; only package cgo may", file.path)
			case imported == "unsafe" && file.pkg != "cgo" && !strings.HasSuffix(file.path, "_unsafe.go"):
				t.Errorf("%s imports unsafe; name it ..._unsafe.go", file.path)
			}
		}
	}
}
