package testenv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Wire sends and receives whole frames on an interface of the test's namespace.
type Wire struct {
	MAC  net.HardwareAddr // the interface's
	file *os.File
}

// Wire opens an interface, such as e.Peer, until the test ends.
func (e *Env) Wire(device string) *Wire {
	e.t.Helper()
	w := new(Wire)
	err := e.In(func() error {
		iface, err := net.InterfaceByName(device)
		if err != nil {
			return err
		}
		w.MAC = iface.HardwareAddr
		w.file, err = packetSocket(iface.Index)
		return err
	})
	if err != nil {
		e.t.Fatal(fmt.Errorf("open wire: %w", err))
	}
	e.t.Cleanup(func() { w.file.Close() })
	return w
}

// packetSocket returns a packet(7) socket for all frames of an interface.
func packetSocket(index int) (*os.File, error) {
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network byte order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, all)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), "wire")
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1); err != nil {
		file.Close()
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}); err != nil {
		file.Close()
		return nil, os.NewSyscallError("bind", err)
	}
	return file, nil
}

// Send sends a frame, from its Ethernet header on and without checksum at the end.
func (w *Wire) Send(frame []byte) error { return send(w.file, frame) }

func send(file *os.File, frame []byte) error {
	for {
		_, err := file.Write(frame)
		if !errors.Is(err, unix.ENOBUFS) {
			return err
		}
		time.Sleep(time.Millisecond) // the interface's queue is full
	}
}

// Await returns the first frame that match accepts, or an error after timeout. Frames that were sent
// here are among them.
func (w *Wire) Await(timeout time.Duration, match func(frame []byte) bool) ([]byte, error) {
	if err := w.file.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	for {
		frame, err := w.receive()
		if err != nil {
			return nil, fmt.Errorf("await a frame: %w", err)
		}
		if match(frame) {
			return frame, nil
		}
	}
}

// receive returns the next frame as it was on the wire: the kernel hands a VLAN tag over beside it.
func (w *Wire) receive() (frame []byte, err error) {
	raw, err := w.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	frame = make([]byte, 1<<16)
	oob := make([]byte, 128)
	var n, oobn int
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		n, oobn, _, _, failed = unix.Recvmsg(int(fd), frame, oob, 0)
		return failed != unix.EAGAIN
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	return restoreTag(frame[:n], oob[:oobn])
}

// restoreTag puts the VLAN tag of a struct tpacket_auxdata back into the frame.
func restoreTag(frame, oob []byte) ([]byte, error) {
	const status, tci, tpid, size, macs = 0, 16, 18, 20, 12
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		if m.Header.Type != unix.PACKET_AUXDATA || len(m.Data) < size {
			continue
		}
		if binary.NativeEndian.Uint32(m.Data[status:])&unix.TP_STATUS_VLAN_VALID != 0 {
			tag := binary.BigEndian.AppendUint16(nil, binary.NativeEndian.Uint16(m.Data[tpid:]))
			tag = binary.BigEndian.AppendUint16(tag, binary.NativeEndian.Uint16(m.Data[tci:]))
			frame = slices.Insert(frame, macs, tag...)
		}
	}
	return frame, nil
}
