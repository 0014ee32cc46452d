package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// asProgram makes the test binary the program: a measurement ties its process to one CPU.
const asProgram = "BENCH_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func program(t *testing.T, args ...string) (out string, err error) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	b, err := cmd.CombinedOutput()
	return string(b), err
}

// A quick run measures everything that a long one does, and writes it as promised.
func TestQuick(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	out, err := program(t, "--quick", "--json", path)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var objects []map[string]any
	if err := json.Unmarshal(b, &objects); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, o := range objects {
		got[fmt.Sprint(o["name"], " ", o["engine"])] = true
		checkResult(t, o)
	}
	for _, b := range benchmarks {
		for _, c := range b.contenders {
			if !got[b.name+" "+c.name] {
				t.Errorf("%s of %s is missing", b.name, c.name)
			}
		}
		if !strings.Contains(out, b.name) {
			t.Errorf("%s is not in the table", b.name)
		}
	}
	if t.Failed() {
		t.Logf("%s\n%s", out, b)
	}
}

func checkResult(t *testing.T, o map[string]any) {
	value, isNumber := o["value"].(float64)
	connections, isCount := o["connections"].(float64)
	unit, isText := o["unit"].(string)
	if len(o) != 5 || !isNumber || !isCount || !isText || unit == "" || connections < 1 || connections != math.Trunc(connections) {
		t.Errorf("result %v", o)
	}
	if value < 0 || value == 0 && o["name"] != "rr_allocs" {
		t.Errorf("%v of %v is %v", o["name"], o["engine"], value)
	}
}

func TestOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	if out, err := program(t, "--quick", "--only", "rr_conn/native/1$", "--json", path); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(path)
	var results []result
	if err := json.Unmarshal(b, &results); err != nil {
		t.Fatal(err)
	}
	if len(results) != 1 || results[0].Name != "rr_conn" || results[0].Engine != "native" || err != nil {
		t.Errorf("results %+v, %v", results, err)
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{"--only", "("}, {"--unknown"}, {"--quick", "--only", "crr/native/1$", "--json", "/no/such/folder/x"}} {
		if out, err := program(t, args...); err == nil {
			t.Errorf("%q: %s", args, out)
		}
	}
}
