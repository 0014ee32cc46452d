package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"ringstack/msg"
)

// maxSocketPath is how long the path of a UNIX socket may be: sun_path of unix(7) without its NUL.
const maxSocketPath = 107

// server is what a command asks.
type server struct {
	name   string
	start  string                      // how to come by one
	socket func(control string) string // its socket, beside the primary's control socket
}

var (
	primary = server{
		name: "primary", start: "start ff-primary, or name its socket with --socket",
		socket: func(control string) string { return control },
	}
	supervisor = server{
		name: "supervisor", start: "start ff-primary --supervise, or name its primary's socket with --socket",
		socket: msg.SupervisorSocket,
	}
)

// serverPath returns the socket of the server that is asked.
func (t *tool) serverPath() string { return t.server.socket(t.socketPath()) }

// call asks the server, to which it connects first if need be. A refusal is an *msg.Error.
func (t *tool) call(ctx context.Context, kind msg.Kind, in, out any) error {
	if path := t.serverPath(); len(path) > maxSocketPath {
		return fmt.Errorf("the path of a socket has at most %d bytes, this one %d: %s", maxSocketPath, len(path), path)
	}
	limited, cancel := context.WithTimeout(ctx, time.Duration(t.timeout))
	defer cancel()
	err := t.connect(limited)
	if err == nil {
		err = t.client.Call(limited, kind, in, out)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return t.explain(err)
}

func (t *tool) connect(ctx context.Context) (err error) {
	if t.client != nil {
		return nil
	}
	t.client, _, err = msg.Dial(ctx, t.serverPath(), msg.Hello{Role: msg.RoleTool, Program: "ff", Proc: msg.AnyProc})
	return err
}

// explain says in one line what went wrong with a call and what to do.
func (t *tool) explain(err error) error {
	name, path := t.server.name, t.serverPath()
	var refusal *msg.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return refusal
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the %s at %s did not answer within %v", name, path, &t.timeout)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the %s at %s has gone", name, path)
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no %s answers at %s: %s", name, path, t.server.start)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("no permission to open %s: %s", path, permissionHint(path))
	case errors.Is(err, syscall.EPROTOTYPE):
		return fmt.Errorf("%s is not a ringstack control socket", path)
	case errors.Is(err, msg.ErrBadHeader):
		return fmt.Errorf("what answers at %s is no ringstack %s of this version: %w", path, name, err)
	}
	return fmt.Errorf("the %s at %s: %w", name, path, err)
}

// permissionHint says who may open the socket at path, or the nearest folder above it that can be
// seen, since one of the two keeps us out.
func permissionHint(path string) string {
	socket := path
	info, err := os.Stat(path)
	for ; err != nil && path != filepath.Dir(path); info, err = os.Stat(path) {
		path = filepath.Dir(path)
	}
	if err != nil {
		return err.Error()
	}
	st := info.Sys().(*syscall.Stat_t)
	owner, group := strconv.Itoa(int(st.Uid)), strconv.Itoa(int(st.Gid))
	if u, err := user.LookupId(owner); err == nil {
		owner = u.Username
	}
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	const groupEnters, groupWrites = 0o010, 0o020
	needed := os.FileMode(groupWrites)
	if info.IsDir() {
		needed = groupEnters
	}
	who := "user " + owner
	if info.Mode()&needed != 0 {
		who = "a member of group " + group
	}
	if path == socket {
		path = "it"
	}
	return fmt.Sprintf("%s (owner %s, group %s, mode %#o) lets in %s, and root", path, owner, group, info.Mode().Perm(), who)
}
