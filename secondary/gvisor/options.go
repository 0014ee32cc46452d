package gvisor

import (
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"

	"ringstack/secondary/engine"
)

// usual are no options.
var usual engine.Options

func orUsual(o *engine.Options) *engine.Options {
	if o == nil {
		return &usual
	}
	return o
}

// configure sets what a socket was opened with. The endpoints that a listener accepts inherit some of it; they are configured
// again.
func configure(ep tcpip.Endpoint, o *engine.Options) tcpip.Error {
	options := ep.SocketOptions()
	if o.ReadBuffer != 0 {
		options.SetReceiveBufferSize(int64(o.ReadBuffer), true)
	}
	if o.WriteBuffer != 0 {
		options.SetSendBufferSize(int64(o.WriteBuffer), true)
	}
	if o.TTL != 0 {
		for _, version := range []tcpip.SockOptInt{tcpip.IPv4TTLOption, tcpip.IPv6HopLimitOption} {
			if err := ep.SetSockOptInt(version, o.TTL); err != nil {
				return err
			}
		}
	}
	options.SetDelayOption(o.Nagle)
	if o.Linger != nil {
		options.SetLinger(tcpip.LingerOption{Enabled: *o.Linger >= 0, Timeout: time.Duration(max(*o.Linger, 0)) * time.Second})
	}
	return nil
}

// keepAlive configures a connection's probes.
func keepAlive(ep tcpip.Endpoint, o *engine.Options) tcpip.Error {
	idle, interval, count := tcpip.KeepaliveIdleOption(keepAliveIdle), tcpip.KeepaliveIntervalOption(keepAliveInterval), keepAliveCount
	if k := o.KeepAlive; k != nil {
		replace(&idle, tcpip.KeepaliveIdleOption(k.Idle))
		replace(&interval, tcpip.KeepaliveIntervalOption(k.Interval))
		replace(&count, k.Count)
	}
	if err := ep.SetSockOpt(&idle); err != nil {
		return err
	}
	if err := ep.SetSockOpt(&interval); err != nil {
		return err
	}
	if err := ep.SetSockOptInt(tcpip.KeepaliveCountOption, count); err != nil {
		return err
	}
	ep.SocketOptions().SetKeepAlive(o.KeepAlive == nil || o.KeepAlive.Enable)
	return nil
}

// replace sets an option to a wish, if there is one.
func replace[T ~int | ~int64](option *T, wish T) {
	if wish > 0 {
		*option = wish
	}
}
