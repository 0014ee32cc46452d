package gvisor

import (
	"maps"
	"slices"
	"strconv"
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// sysctl is a value that control tools read and, where set is not nil, change. A change
// holds for sockets made after it.
type sysctl struct {
	get func() (string, error)
	set func(value string) error
}

func (n *netstack) newSysctls() map[string]sysctl {
	table := map[string]sysctl{
		"net.inet.ip.ttl":           n.ttl(),
		"net.inet.tcp.cc.algorithm": n.congestionControl(),
		"net.inet.tcp.delayed_ack":  constant("0"), // netstack acknowledges each batch of segments at once
		"net.inet.tcp.recvbuf_auto": flag[tcpip.TCPModerateReceiveBufferOption](n),
		"net.inet.tcp.recvspace":    n.receiveSpace(),
		"net.inet.tcp.sack.enable":  flag[tcpip.TCPSACKEnabled](n),
		"net.inet.tcp.sendspace":    n.sendSpace(),
	}
	maps.Copy(table, n.counters())
	return table
}

// Sysctls implements engine.Engine.
func (n *netstack) Sysctls() []string {
	return slices.Sorted(maps.Keys(n.sysctls))
}

// SysctlGet implements engine.Engine.
func (n *netstack) SysctlGet(name string) (string, error) {
	s, ok := n.sysctls[name]
	if !ok {
		return "", syscall.ENOENT
	}
	return s.get()
}

// SysctlSet implements engine.Engine.
func (n *netstack) SysctlSet(name, value string) error {
	s, ok := n.sysctls[name]
	if !ok {
		return syscall.ENOENT
	}
	if s.set == nil {
		return syscall.EPERM
	}
	return s.set(value)
}

func constant(value string) sysctl {
	return sysctl{get: func() (string, error) { return value, nil }}
}

func (n *netstack) ttl() sysctl {
	return sysctl{
		get: func() (string, error) {
			var ttl tcpip.DefaultTTLOption
			err := n.stack.NetworkProtocolOption(ipv4.ProtocolNumber, &ttl)
			return strconv.Itoa(int(ttl)), translate(err)
		},
		set: func(value string) error {
			v, err := strconv.ParseUint(value, 10, 8)
			if err != nil || v == 0 {
				return syscall.EINVAL
			}
			ttl := tcpip.DefaultTTLOption(v)
			return translate(n.stack.SetNetworkProtocolOption(ipv4.ProtocolNumber, &ttl))
		},
	}
}

// congestionNames are FreeBSD's names of netstack's algorithms.
var congestionNames = map[tcpip.CongestionControlOption]string{"cubic": "cubic", "reno": "newreno"}

func (n *netstack) congestionControl() sysctl {
	return sysctl{
		get: func() (string, error) {
			var cc tcpip.CongestionControlOption
			err := n.stack.TransportProtocolOption(tcp.ProtocolNumber, &cc)
			return congestionNames[cc], translate(err)
		},
		set: func(value string) error {
			for cc, name := range congestionNames {
				if name == value {
					return translate(n.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &cc))
				}
			}
			return syscall.EINVAL
		},
	}
}

// boolOption is a pointer to an on-off option of netstack's TCP.
type boolOption[T ~bool] interface {
	*T
	tcpip.GettableTransportProtocolOption
	tcpip.SettableTransportProtocolOption
}

func flag[T ~bool, P boolOption[T]](n *netstack) sysctl {
	return sysctl{
		get: func() (string, error) {
			var on T
			err := n.stack.TransportProtocolOption(tcp.ProtocolNumber, P(&on))
			if on {
				return "1", translate(err)
			}
			return "0", translate(err)
		},
		set: func(value string) error {
			if value != "0" && value != "1" {
				return syscall.EINVAL
			}
			on := T(value == "1")
			return translate(n.stack.SetTransportProtocolOption(tcp.ProtocolNumber, P(&on)))
		},
	}
}

func (n *netstack) sendSpace() sysctl {
	var space tcpip.TCPSendBufferSizeRangeOption
	return n.space(&space, &space, &space.Default)
}

func (n *netstack) receiveSpace() sysctl {
	var space tcpip.TCPReceiveBufferSizeRangeOption
	return n.space(&space, &space, &space.Default)
}

// space is a default buffer size in bytes. get and set are the same option, and size is its field.
func (n *netstack) space(get tcpip.GettableTransportProtocolOption, set tcpip.SettableTransportProtocolOption, size *int) sysctl {
	read := func() error { return translate(n.stack.TransportProtocolOption(tcp.ProtocolNumber, get)) }
	return sysctl{
		get: func() (string, error) {
			err := read()
			return strconv.Itoa(*size), err
		},
		set: func(value string) error {
			v, err := strconv.Atoi(value)
			if err != nil {
				return syscall.EINVAL
			}
			if err := read(); err != nil {
				return err
			}
			*size = v
			return translate(n.stack.SetTransportProtocolOption(tcp.ProtocolNumber, set))
		},
	}
}
