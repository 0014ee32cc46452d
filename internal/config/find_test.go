package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestFindOrder(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	flag, env, here, etc := file("flag"), file("env"), file("here"), file("etc")
	none := filepath.Join(dir, "none")
	for _, test := range []struct {
		flag, env string
		usual     []string
		want      string
	}{
		{flag, env, []string{here, etc}, flag},
		{"", env, []string{here, etc}, env},
		{"", "", []string{here, etc}, here},
		{"", "", []string{none, etc}, etc},
	} {
		got, err := find(test.flag, test.env, test.usual)
		if got != test.want || err != nil {
			t.Errorf("find(%q, %q, %q) = %q, %v, want %q", test.flag, test.env, test.usual, got, err, test.want)
		}
	}
}

func TestFindNothing(t *testing.T) {
	for _, test := range []struct{ flag, env, want string }{
		{"/none/a", "", "find config: --conf: stat /none/a: no such file or directory"},
		{"", "/none/b", "find config: FF_CONFIG: stat /none/b: no such file or directory"},
		{"", "", "find config: --conf and FF_CONFIG are not set, and there is no /none/c and no /none/d: file does not exist"},
	} {
		_, err := find(test.flag, test.env, []string{"/none/c", "/none/d"})
		if !errors.Is(err, fs.ErrNotExist) || err.Error() != test.want {
			t.Errorf("find(%q, %q): %v, want %s", test.flag, test.env, err, test.want)
		}
	}
}

func TestFindReadsEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ini")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(Env, path)
	if got, err := Find(""); got != path || err != nil {
		t.Errorf("Find = %q, %v, want %q", got, err, path)
	}
}
