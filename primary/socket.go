package primary

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ringstack/msg"
)

// lockRunDir takes the lock of this file prefix. The kernel frees it when the process ends, in
// whatever way.
func (p *Primary) lockRunDir() error {
	dir := filepath.Join(msg.RunDir, p.cfg.DPDK.FilePrefix)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := filepath.Join(dir, "lock")
	f, err := lockFile(name)
	if errors.Is(err, unix.EWOULDBLOCK) {
		holder, _ := os.ReadFile(name) // for the message only
		return fmt.Errorf("a primary with file_prefix=%s runs already, pid %s: stop it or choose another file_prefix",
			p.cfg.DPDK.FilePrefix, strings.TrimSpace(string(holder)))
	}
	if err != nil {
		return err
	}
	p.later(func() {
		os.Remove(name)
		f.Close()
		os.Remove(dir) // stays when it is not empty
	})
	return errors.Join(f.Truncate(0), writePID(f))
}

// lockFile opens and locks the named file. A file that its last holder has removed meanwhile does
// not count.
func lockFile(name string) (*os.File, error) {
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
		locked, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		if named, err := os.Stat(name); err == nil && os.SameFile(locked, named) {
			return f, nil
		}
		f.Close()
	}
}

func writePID(f *os.File) error {
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// openSocket opens the control socket for the users that the configuration names.
func (p *Primary) openSocket() error {
	d := &p.cfg.DPDK
	if err := os.MkdirAll(filepath.Dir(d.ControlSocket), 0o755); err != nil {
		return fmt.Errorf("control_socket=%s: %w: name a folder that can be made", d.ControlSocket, err)
	}
	if err := removeDeadSocket(d.ControlSocket); err != nil {
		return fmt.Errorf("control_socket=%s: %w", d.ControlSocket, err)
	}
	var err error
	p.socket, err = net.ListenUnix("unixpacket", &net.UnixAddr{Name: d.ControlSocket, Net: "unixpacket"})
	if err != nil {
		return err
	}
	p.later(func() { p.socket.Close() })
	if err := os.Chown(d.ControlSocket, -1, p.gid); err != nil {
		return err
	}
	return os.Chmod(d.ControlSocket, d.SocketMode)
}

// removeDeadSocket removes a socket that a killed primary has left, and nothing else: a primary with
// another file prefix may serve the same path.
func removeDeadSocket(path string) error {
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
	c, err := net.Dial("unixpacket", path)
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return errors.New("another program serves it: stop that, or name another path")
	}
	return os.Remove(path)
}

// findGroup looks up the control socket's group, before anything is started.
func (p *Primary) findGroup() (err error) {
	p.gid, err = groupID(p.cfg.DPDK.SocketGroup)
	return err
}

// groupID returns the gid of a group given by name or number; -1, no change, for none.
func groupID(name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	if gid, err := strconv.Atoi(name); err == nil {
		return gid, nil
	}
	group, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("socket_group=%s: there is no such group: create it (groupadd --system %s) or name another", name, name)
	}
	return strconv.Atoi(group.Gid)
}

// peerOf returns who is at the other end of the control socket, by the kernel's word.
func peerOf(c *net.UnixConn) (*unix.Ucred, error) {
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
