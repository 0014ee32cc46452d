// Package uds has what every control socket needs: a UNIX domain socket for certain users, and the
// kernel's word on who has connected.
package uds

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// network is SOCK_SEQPACKET.
const network = "unixpacket"

// Listen opens a socket at path, in a folder that it makes if need be, for the users that the group
// (-1: that of the process) and mode let in. It replaces a socket that nobody serves, and nothing else.
func Listen(path string, gid int, mode os.FileMode) (*net.UnixListener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("%w: name a folder that can be made", err)
	}
	if err := removeDead(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix(network, &net.UnixAddr{Name: path, Net: network})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chown(path, -1, gid), os.Chmod(path, mode)); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// removeDead removes a socket whose process was killed.
func removeDead(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != os.ModeSocket {
		return errors.New("there is something else than a socket: name another path")
	}
	c, err := net.Dial(network, path)
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return errors.New("another program serves it: stop that, or name another path")
	}
	return os.Remove(path)
}

// GroupID returns the gid of a group given by name or number; -1, no change, for none.
func GroupID(name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	if gid, err := strconv.Atoi(name); err == nil {
		return gid, nil
	}
	group, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("there is no such group: create it (groupadd --system %s) or name another", name)
	}
	return strconv.Atoi(group.Gid)
}

// Peer returns who is at the other end of a connection.
func Peer(c *net.UnixConn) (*unix.Ucred, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	var cred *unix.Ucred
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	return cred, errors.Join(err, credErr)
}
