package secondary

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	program := filepath.Base(os.Args[0])
	for _, c := range []struct {
		name                string
		socket, group, proc string // in the environment
		given, want         Config
		bad                 string
	}{
		{
			name: "nothing",
			want: Config{Program: program, FilePrefix: "ringstack", Socket: "/run/ringstack/ringstack/control.sock"},
		},
		{
			name: "from a supervisor", socket: "/x", group: "web", proc: "3",
			want: Config{Program: program, FilePrefix: "ringstack", Socket: "/x", Group: "web", Proc: new(3)},
		},
		{
			name: "the program knows better", socket: "/x", group: "web", proc: "3",
			given: Config{Program: "p", FilePrefix: "f", Socket: "/y", Group: "g", Proc: new(0)},
			want:  Config{Program: "p", FilePrefix: "f", Socket: "/y", Group: "g", Proc: new(0)},
		},
		{name: "no number", proc: "first", bad: "FF_PROC=first: want a proc id"},
		{name: "no proc id", proc: "-1", bad: "FF_PROC=-1: want a proc id"},
		{name: "number too large", proc: "99999999999", bad: "FF_PROC=99999999999: want a proc id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("FF_SOCKET", c.socket)
			t.Setenv("FF_GROUP", c.group)
			t.Setenv("FF_PROC", c.proc)
			got := c.given
			err := got.fill()
			if c.bad != "" {
				if err == nil || !strings.Contains(err.Error(), c.bad) {
					t.Errorf("%v, want %q", err, c.bad)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if (got.Proc == nil) != (c.want.Proc == nil) || got.Proc != nil && *got.Proc != *c.want.Proc {
				t.Errorf("proc id %v, want %v", got.Proc, c.want.Proc)
			}
			got.Proc, c.want.Proc = nil, nil
			if got.Program != c.want.Program || got.FilePrefix != c.want.FilePrefix || got.Socket != c.want.Socket || got.Group != c.want.Group {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}
