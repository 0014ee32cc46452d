package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	const (
		pass   = `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n"
		fail   = `{"Action":"output","Package":"p","Test":"TestB","Output":"it broke\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestB"}` + "\n"
		skip   = `{"Action":"skip","Package":"p","Test":"TestC"}` + "\n"
		passed = `{"Action":"pass","Package":"p","Elapsed":1.5}` + "\n"
		failed = `{"Action":"fail","Package":"p"}` + "\n"
		build  = `{"Action":"build-output","ImportPath":"p [p.test]","Output":"p.go:1: oops\n"}` + "\n" +
			`{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}` + "\n"
		log = `{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}` + "\n" +
			`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: 12 MB/s\n"}` + "\n"
	)
	for _, c := range []struct {
		name, in string
		strict   bool
		ok       bool
		shows    []string
	}{
		{"all pass", pass + passed, true, true, []string{"pass p: 1 passed, 0 failed, 0 skipped (1.5 s)"}},
		{"two packages", pass + passed + strings.ReplaceAll(pass+passed, `"p"`, `"q"`), true, true, []string{"\n2 passed, 0 failed, 0 skipped\n"}},
		{"one fails", pass + fail + failed, false, false, []string{"fail p.TestB\nit broke\n", "\n1 passed, 1 failed, 0 skipped\n"}},
		{"skipped", pass + skip + passed, false, true, []string{"\n1 passed, 0 failed, 1 skipped\n"}},
		{"skipped in CI", pass + skip + passed, true, false, []string{"\n1 passed, 0 failed, 1 skipped\n"}},
		{"does not build", pass + passed + strings.ReplaceAll(build, `"Package":"p"`, `"Package":"q"`), false, false, []string{"p.go:1: oops\n", "1 passed, 1 failed"}},
		{"panics outside a test", pass + failed, false, false, []string{"1 passed, 1 failed"}},
		{"is cut off", pass, false, false, []string{"no end of p\n", "1 passed, 1 failed"}},
		{"nothing ran", "", false, false, []string{"0 passed, 0 failed, 0 skipped\n"}},
		{"other lines", "== cgo off\n" + pass + passed, false, true, []string{"== cgo off\n"}},
		{"logs", log + pass + passed, false, true, []string{"pass p.TestA\n    a_test.go:7: 12 MB/s\npass p:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			ok, err := run(strings.NewReader(c.in), &out, c.strict)
			if err != nil || ok != c.ok {
				t.Errorf("run: %v, %v; want %v", ok, err, c.ok)
			}
			for _, text := range c.shows {
				if !strings.Contains(out.String(), text) {
					t.Errorf("no %q in:\n%s", text, &out)
				}
			}
		})
	}
}
