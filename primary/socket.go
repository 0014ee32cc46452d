package primary

import (
	"fmt"
	"os"
	"path/filepath"

	"ringstack/internal/uds"
	"ringstack/msg"
)

// lockRunDir takes the lock of this file prefix. The kernel frees it when the process ends, in
// whatever way.
func (p *Primary) lockRunDir() error {
	prefix := p.cfg.DPDK.FilePrefix
	dir := filepath.Join(msg.RunDir, prefix)
	l, err := p.takeRunDirLock(dir)
	if err != nil {
		return err
	}
	p.later(func() {
		l.Release()
		os.Remove(dir) // stays when it is not empty
	})
	p.keeper.open(dir)
	return nil
}

// openSocket opens the control socket for the users that the configuration names.
func (p *Primary) openSocket() (err error) {
	d := &p.cfg.DPDK
	if p.socket, err = uds.Listen(d.ControlSocket, p.gid, d.SocketMode); err != nil {
		return fmt.Errorf("control_socket=%s: %w", d.ControlSocket, err)
	}
	p.later(func() { p.socket.Close() })
	return nil
}

// findGroup looks up the control socket's group, before anything is started.
func (p *Primary) findGroup() (err error) {
	if p.gid, err = uds.GroupID(p.cfg.DPDK.SocketGroup); err != nil {
		return fmt.Errorf("socket_group=%s: %w", p.cfg.DPDK.SocketGroup, err)
	}
	return nil
}
