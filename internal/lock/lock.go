// Package lock gives one process sole use of something that others of this machine may want: a file
// prefix, a kernel interface, a CPU. A lock is a locked file, so the kernel frees it when its holder
// dies, in whatever way.
//
//	/run/ringstack/lock/pci-0000:02:00.0 -> "1234 web ff-primary"
//
// Only the user of the process can open the files: flock(2) needs no right to write, so whoever can
// open a lock's file can keep others from the lock.
package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// attempts is how often a lock is tried whose file or folder others remove meanwhile.
const attempts = 100

// Lock is a lock that this process holds until Release or its end. Keep it: the collector closes the file of one that nobody refers to.
type Lock struct{ file *os.File }

// HeldError says that another process has the lock.
type HeldError struct {
	Path   string
	Holder Holder // zero if the file does not tell
}

func (e *HeldError) Error() string {
	if e.Holder == (Holder{}) {
		return "held by another process, of which " + e.Path + " does not tell"
	}
	return "held by " + e.Holder.String()
}

// PID returns the holder's pid for a message.
func (e *HeldError) PID() string {
	if e.Holder.PID == 0 {
		return "unknown"
	}
	return strconv.Itoa(e.Holder.PID)
}

// Take takes the lock name in dir, which it makes if need be, and notes in it who self is. It does
// not wait: if another process has the lock, or this one has it already, the error is a *HeldError.
func Take(dir, name string, self Holder) (*Lock, error) {
	var err error
	for range attempts {
		var l *Lock
		if l, err = try(dir, name, self); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return l, err
		}
	}
	return nil, err
}

// Release lets go of the lock and removes its file.
func (l *Lock) Release() {
	os.Remove(l.file.Name()) // a file that stays holds no lock
	l.file.Close()
}

// try takes the lock; the error is fs.ErrNotExist when its file was removed meanwhile.
func try(dir, name string, self Holder) (*Lock, error) {
	f, err := open(dir, name)
	if err != nil {
		return nil, err
	}
	if err := take(f, self); err != nil {
		f.Close()
		return nil, err
	}
	return &Lock{f}, nil
}

func take(f *os.File, self Holder) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return &HeldError{f.Name(), readHolder(f)}
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	locked, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(f.Name())
	if err != nil {
		return err
	}
	if !os.SameFile(locked, named) { // its last holder has removed it
		return fmt.Errorf("lock %s: %w", f.Name(), fs.ErrNotExist)
	}
	return self.write(f)
}

// open opens the file of a lock. Where another user could put or change it, it is no lock.
func open(dir, name string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name)
	at, err := openat(unix.AT_FDCWD, dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	defer unix.Close(at)
	var st unix.Stat_t
	if err := unix.Fstat(at, &st); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: dir, Err: err}
	}
	if int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0 {
		return nil, fmt.Errorf("%s may be written by other users (owner %d, mode %#o): locks need a folder of uid %d with mode 0755",
			dir, st.Uid, st.Mode&0o7777, os.Geteuid())
	}
	fd, err := openat(at, name, unix.O_RDWR|unix.O_CREAT)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	if err := makePrivate(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func makePrivate(f *os.File) error {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no plain file: remove it", f.Name())
	}
	return errors.Join(err, f.Chmod(0o600))
}

// openat follows no symbolic link at the end of path.
func openat(at int, path string, flags int) (fd int, err error) {
	for {
		fd, err = unix.Openat(at, path, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		if err != unix.EINTR {
			return fd, err
		}
	}
}
