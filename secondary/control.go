package secondary

import (
	"encoding/json"
	"errors"
	"strings"
	"syscall"

	"ringstack/msg"
	"ringstack/secondary/engine"
)

// answer handles a control request; it runs in the loop.
func (s *Secondary) answer(kind msg.Kind, payload []byte) ([]byte, error) {
	switch kind {
	case msg.KindSysctl:
		var req msg.SysctlRequest
		if err := json.Unmarshal(payload, &req); err != nil {
			return nil, msg.Errorf(syscall.EINVAL, "parse sysctl request: %v", err)
		}
		rows, err := s.sysctl(req)
		if err != nil {
			return nil, err
		}
		return json.Marshal(rows)
	case msg.KindSettle:
		s.takeFrames()
		return nil, nil
	case msg.KindFlows:
		return s.flows(), nil
	case msg.KindDrain:
		return nil, s.nothingNew(payload)
	}
	return nil, msg.Errorf(syscall.ENOSYS, "a secondary does not answer %v", kind)
}

// takeFrames gives the engine all frames that wait on the rings.
func (s *Secondary) takeFrames() {
	for _, d := range s.devices {
		for s.receive(d) {
		}
	}
}

// flows lists all TCP connections but those in TIME-WAIT, whose peers have ended them, too; those included whose first packet still waits
// on a ring.
func (s *Secondary) flows() []byte {
	s.takeFrames()
	list := make([]byte, 0, s.listed+s.listed/8)
	s.engine.Flows(func(f engine.Flow) {
		if f.State != engine.FlowWaiting {
			list = msg.AppendFlow(list, msg.Flow{
				Local: f.Local, LocalPort: f.LocalPort, Remote: f.Remote, RemotePort: f.RemotePort, HalfOpen: f.State == engine.FlowHalfOpen,
			})
		}
	})
	s.listed = len(list)
	return list
}

func (s *Secondary) sysctl(req msg.SysctlRequest) ([]msg.SysctlRow, error) {
	if req.Value != nil {
		if err := s.engine.SysctlSet(req.Name, *req.Value); err != nil {
			return nil, msg.Errorf(errnoOf(err), "set %s=%s: %s", req.Name, *req.Value, whyUnset(err))
		}
	}
	rows := []msg.SysctlRow{}
	for _, name := range s.engine.Sysctls() {
		if req.Name != "" && name != req.Name && !strings.HasPrefix(name, req.Name+".") {
			continue
		}
		value, err := s.engine.SysctlGet(name)
		if err != nil {
			return nil, msg.Errorf(errnoOf(err), "read %s: %v", name, err)
		}
		rows = append(rows, msg.SysctlRow{Proc: s.attach.Proc, Name: name, Value: value})
	}
	if len(rows) == 0 && req.Name != "" {
		return nil, msg.Errorf(syscall.ENOENT, "unknown sysctl %q", req.Name)
	}
	return rows, nil
}

// whyUnset says in words of variables why the engine has not set one.
func whyUnset(err error) string {
	switch err {
	case syscall.ENOENT:
		return "this stack has no such variable"
	case syscall.EPERM:
		return "it is read-only"
	case syscall.EINVAL:
		return "not a value for it"
	}
	return err.Error()
}

// errnoOf returns the errno in err, or EIO.
func errnoOf(err error) syscall.Errno {
	errno := syscall.EIO
	errors.As(err, &errno)
	return errno
}
