package arch

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestProgramsAreStatic builds what users run beside the primary as they get it, without cgo, and
// looks for a dynamic linker in it.
func TestProgramsAreStatic(t *testing.T) {
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", dir, "./secondary/...", "./tools/...", "./examples/...")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	for _, name := range []string{"ff", "httpd", "echo", "hello"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	programs, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		file, err := elf.Open(filepath.Join(dir, program.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range file.Progs {
			if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
				t.Errorf("%s is linked dynamically: it has a %v", program.Name(), part.Type)
			}
		}
		file.Close()
	}
}
