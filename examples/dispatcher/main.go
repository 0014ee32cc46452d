//go:build cgo

// Command dispatcher is a primary with a dispatcher of its own, as F-Stack's
// ff_regist_packet_dispatcher_context allows: it answers pings by itself, drops the discard service,
// and spreads the rest over the secondaries by VLAN or by the client's port. Run it in place of
// ff-primary, with nb_procs in config.ini.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"ringstack/dispatch"
	"ringstack/primary"
)

func main() {
	conf := pflag.StringP("conf", "c", "", "configuration `file` (default: as for ff-primary)")
	pflag.Parse()
	if err := run(*conf); err != nil {
		fmt.Fprintln(os.Stderr, "dispatcher:", err)
		os.Exit(1)
	}
}

func run(conf string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	lines := primary.NewLogWriter(os.Stderr)
	defer lines.Flush()
	cfg, err := primary.Load(conf, zerolog.New(lines).With().Timestamp().Logger())
	if err != nil {
		return err
	}
	cfg.Dispatcher = new(steering).steer
	p, err := primary.New(cfg)
	if err != nil {
		return err
	}
	return p.Run(ctx)
}

const (
	udpDiscard = 9 // RFC 863
	vlanID     = 0xfff
)

// steering is the dispatcher. Its Packet is reused, so that nothing is allocated per frame.
type steering struct{ packet dispatch.Packet }

// steer is a dispatch.Func.
func (s *steering) steer(frame []byte, _ *int, _, nQueues uint16, ctx dispatch.Context) int {
	p := &s.packet
	switch {
	case p.Parse(frame) != dispatch.ReasonNone:
		return dispatch.DispatchError
	case isPing(p, frame):
		answerPing(p, frame)
		return dispatch.DispatchResponse
	case p.Proto == dispatch.ProtoUDP && p.Flow.LocalPort == udpDiscard:
		return dispatch.DispatchError
	case ctx.VLANStripped:
		return int(ctx.VLANTCI&vlanID) % int(nQueues)
	}
	// Linux gives its clients even ports. ARP has none; the primary gives it to all.
	return int(p.Flow.RemotePort/2) % int(nQueues)
}

const (
	icmpEcho     = 8 // RFC 792; the reply is type 0
	icmpChecksum = 2 // its offset
)

func isPing(p *dispatch.Packet, frame []byte) bool {
	unicast := frame[0]&1 == 0
	return unicast && p.Version == 4 && p.Proto == dispatch.ProtoICMP && p.Fragment == dispatch.FragmentNone &&
		frame[p.L4] == icmpEcho
}

// answerPing turns an echo request into its reply, in place.
func answerPing(p *dispatch.Packet, frame []byte) {
	swap(frame[0:6], frame[6:12])
	swap(frame[p.L3+12:p.L3+16], frame[p.L3+16:p.L3+20])
	frame[p.L4] = 0
	sum := frame[p.L4+icmpChecksum:]
	changed := uint32(binary.BigEndian.Uint16(sum)) + icmpEcho<<8 // RFC 1624
	binary.BigEndian.PutUint16(sum, uint16(changed+changed>>16))
}

func swap(a, b []byte) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}
