package stack

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/faketime"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	gstack "gvisor.dev/gvisor/pkg/tcpip/stack"
	gtcp "gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	gudp "gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"ringstack/stack/tcp"
	"ringstack/stack/wire"
)

// gvisorRival is gVisor's stack under a clock of the test. Its goroutines are waited for after each event, so nothing depends on real time.
type gvisorRival struct {
	t        testing.TB
	stack    *gstack.Stack
	link     *channel.Endpoint
	clock    *faketime.ManualClock
	network  tcpip.NetworkProtocolNumber
	own      tcpip.Address
	peer     tcpip.Address
	listener tcpip.Endpoint
	ep       tcpip.Endpoint
	udp      tcpip.Endpoint
	dialing  bool
	held     bool
	eof      bool // was told
	over     bool // an error was told
	sent     uint32
	bytes    []byte
	heard    []string
	onUDP    func(from tcpip.FullAddress, data []byte)
}

const gvisorNIC = 1

// newGvisorRival returns a stack that has the rivals' addresses and knows their peer.
func newGvisorRival(t testing.TB, six bool) *gvisorRival {
	r := newGvisor(t, rivalMAC, rival4, rival6, six)
	r.peer = gAddr(peer4)
	if six {
		r.peer = gAddr(peer6)
	}
	for _, p := range []wire.Addr{peer4, peer6, station6} {
		network := ipv6.ProtocolNumber
		if p.Is4() {
			network = ipv4.ProtocolNumber
		}
		r.must(r.stack.AddStaticNeighbor(gvisorNIC, network, gAddr(p), tcpip.LinkAddress(stationMAC[:])))
	}
	return r
}

// newGvisor returns a stack whose TCP endpoints use one IP version.
func newGvisor(t testing.TB, mac wire.MAC, own4, own6 wire.Addr, six bool) *gvisorRival {
	r := &gvisorRival{t: t, clock: faketime.NewManualClock(), network: ipv4.ProtocolNumber, own: gAddr(own4)}
	if six {
		r.network, r.own = ipv6.ProtocolNumber, gAddr(own6)
	}
	r.stack = gstack.New(gstack.Options{
		NetworkProtocols: []gstack.NetworkProtocolFactory{
			arp.NewProtocol, ipv4.NewProtocol, ipv6.NewProtocolWithOptions(ipv6.Options{AutoGenLinkLocal: true}),
		},
		TransportProtocols: []gstack.TransportProtocolFactory{gtcp.NewProtocolCUBIC, gudp.NewProtocol},
		HandleLocal:        true,
		Clock:              r.clock,
	})
	r.link = channel.New(4096, 1500+header.EthernetMinimumSize, tcpip.LinkAddress(mac[:]))
	r.must(r.stack.CreateNIC(gvisorNIC, ethernet.New(r.link)))
	r.addAddress(ipv4.ProtocolNumber, own4, 24)
	r.addAddress(ipv6.ProtocolNumber, own6, 64)
	linkLocal := tcpip.AddressWithPrefix{Address: gAddr(wire.Addr{0: 0xfe, 1: 0x80}), PrefixLen: 64}
	r.stack.AddRoute(tcpip.Route{Destination: linkLocal.Subnet(), NIC: gvisorNIC})
	r.settings()
	r.openUDP()
	r.settle()
	return r
}

func (r *gvisorRival) addAddress(network tcpip.NetworkProtocolNumber, a wire.Addr, bits int) {
	address := tcpip.AddressWithPrefix{Address: gAddr(a), PrefixLen: bits}
	r.must(r.stack.AddProtocolAddress(gvisorNIC, tcpip.ProtocolAddress{Protocol: network, AddressWithPrefix: address}, gstack.AddressProperties{}))
	r.stack.AddRoute(tcpip.Route{Destination: address.Subnet(), NIC: gvisorNIC})
}

func gAddr(a wire.Addr) tcpip.Address { return tcpip.AddrFromSlice(a.Netip().AsSlice()) }

func (r *gvisorRival) must(err tcpip.Error) {
	if err != nil {
		r.t.Helper()
		r.t.Fatalf("gVisor: %v", err)
	}
}

func (r *gvisorRival) settings() {
	sack, moderate := tcpip.TCPSACKEnabled(true), tcpip.TCPModerateReceiveBufferOption(false)
	buffer := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4096, Default: 2 * rivalWindow, Max: 4 << 20}
	for _, o := range []tcpip.SettableTransportProtocolOption{&sack, &moderate, &buffer} {
		r.must(r.stack.SetTransportProtocolOption(gtcp.ProtocolNumber, o))
	}
	r.must(r.stack.SetOption(gstack.TCPInvalidRateLimitOption(0)))
}

func (r *gvisorRival) openUDP() {
	ep, err := r.stack.NewEndpoint(gudp.ProtocolNumber, ipv6.ProtocolNumber, new(waiter.Queue))
	r.must(err)
	r.must(ep.Bind(tcpip.FullAddress{Port: udpPort}))
	r.udp = ep
}

// settle waits until TCP's goroutines have done all that there is to do: pausing them ends only when their queues are empty. One may have
// given work to another that had paused before it, hence twice.
func (r *gvisorRival) settle() {
	p := r.stack.TransportProtocolInstance(gtcp.ProtocolNumber)
	for range 2 {
		p.Pause()
		p.Resume()
		r.clock.RunImmediatelyScheduledJobs()
	}
	r.serve()
}

func (r *gvisorRival) input(frame []byte) {
	pkt := gstack.NewPacketBuffer(gstack.PacketBufferOptions{Payload: buffer.MakeWithData(append([]byte{}, frame...))})
	r.link.InjectInbound(0, pkt)
	pkt.DecRef()
	r.settle()
}

func (r *gvisorRival) advance(d time.Duration) {
	for step := min(d, 10*time.Millisecond); d > 0; d -= step {
		step = min(d, max(step, d/100))
		r.clock.Advance(step)
		r.settle()
	}
}

func (r *gvisorRival) frames() (all [][]byte) {
	for pkt := r.link.Read(); pkt != nil; pkt = r.link.Read() {
		var frame []byte
		for _, part := range pkt.AsSlices() {
			frame = append(frame, part...)
		}
		all = append(all, frame)
		pkt.DecRef()
	}
	return all
}

var gvisorStates = map[gtcp.EndpointState]tcp.State{
	gtcp.StateSynSent: tcp.SynSent, gtcp.StateSynRecv: tcp.SynRcvd, gtcp.StateEstablished: tcp.Established, gtcp.StateCloseWait: tcp.CloseWait,
	gtcp.StateFinWait1: tcp.FinWait1, gtcp.StateFinWait2: tcp.FinWait2, gtcp.StateClosing: tcp.Closing, gtcp.StateLastAck: tcp.LastAck,
	gtcp.StateTimeWait: tcp.TimeWait, gtcp.StateConnecting: tcp.SynSent,
}

func (r *gvisorRival) state() tcp.State {
	id := gstack.TransportEndpointID{LocalPort: rivalPort, LocalAddress: r.own, RemotePort: peerPort, RemoteAddress: r.peer}
	ep, ok := r.stack.FindTransportEndpoint(r.network, gtcp.ProtocolNumber, id, gvisorNIC).(*gtcp.Endpoint)
	if !ok {
		return tcp.Closed
	}
	return gvisorStates[ep.EndpointState()] // of a listener: none
}

func (r *gvisorRival) newTCP() tcpip.Endpoint {
	ep, err := r.stack.NewEndpoint(gtcp.ProtocolNumber, r.network, new(waiter.Queue))
	r.must(err)
	ep.SocketOptions().SetReuseAddress(true)
	return ep
}

func (r *gvisorRival) listen() {
	r.listener = r.newTCP()
	r.must(r.listener.Bind(tcpip.FullAddress{Port: rivalPort}))
	r.must(r.listener.Listen(8))
	r.settle()
}

func (r *gvisorRival) connect() {
	ep := r.newTCP()
	r.begin(ep)
	r.must(ep.Bind(tcpip.FullAddress{Addr: r.own, Port: rivalPort}))
	if err := ep.Connect(tcpip.FullAddress{Addr: r.peer, Port: peerPort}); err != nil {
		if _, started := err.(*tcpip.ErrConnectStarted); !started {
			r.tell("connect: %v", err)
		}
	}
	r.dialing = true
	r.settle()
}

func (r *gvisorRival) begin(ep tcpip.Endpoint) {
	r.ep, r.eof, r.over, r.dialing, r.sent, r.bytes = ep, false, false, false, 0, nil
	ep.SocketOptions().SetDelayOption(false)
}

func (r *gvisorRival) write(n int) {
	took, err := r.ep.Write(bytes.NewReader(streamBytes(r.sent, n)), tcpip.WriteOptions{})
	if err != nil {
		r.tell("write: %v", gErrno(err))
	}
	r.sent += uint32(took)
	r.settle()
}

func (r *gvisorRival) hold(on bool) {
	r.held = on
	r.settle()
}

func (r *gvisorRival) closeWrite() {
	if err := r.ep.Shutdown(tcpip.ShutdownWrite); err != nil {
		r.tell("shutdown: %v", gErrno(err))
	}
	r.settle()
}

func (r *gvisorRival) close() {
	r.ep.Close()
	r.ep = nil
	r.settle()
}

func (r *gvisorRival) tell(format string, args ...any) {
	r.heard = append(r.heard, fmt.Sprintf(format, args...))
}

func (r *gvisorRival) news() []string {
	all := r.heard
	r.heard = nil
	return all
}

func (r *gvisorRival) received() []byte { return r.bytes }

func (r *gvisorRival) stop() { r.stack.Destroy() }

// serve is the application: it takes what there is to be taken.
func (r *gvisorRival) serve() {
	r.readUDP()
	if r.listener != nil {
		if ep, _, err := r.listener.Accept(nil); err == nil {
			r.begin(ep)
			r.tell("accepted")
		}
	}
	if r.ep == nil || r.over {
		return
	}
	if r.dialing && r.ep.(*gtcp.Endpoint).EndpointState() == gtcp.StateEstablished {
		r.dialing = false
		r.tell("connected")
	}
	if !r.dialing && !r.held && !r.eof {
		r.read()
	}
	r.checkError()
}

func (r *gvisorRival) checkError() {
	if !r.over && r.ep.(*gtcp.Endpoint).EndpointState() == gtcp.StateError {
		r.end(r.ep.(*gtcp.Endpoint).LastError())
	}
}

func (r *gvisorRival) read() {
	for {
		var b bytes.Buffer
		if _, err := r.ep.Read(&b, tcpip.ReadOptions{}); err != nil {
			if _, block := err.(*tcpip.ErrWouldBlock); !block {
				r.end(err)
			}
			return
		}
		r.bytes = append(r.bytes, b.Bytes()...)
	}
}

// end tells once of the end of the stream, and of an error.
func (r *gvisorRival) end(err tcpip.Error) {
	if _, eof := err.(*tcpip.ErrClosedForReceive); eof {
		r.eof = true
		r.tell("eof")
		return
	}
	r.over = true
	r.tell("error: %v", gErrno(err))
}

func (r *gvisorRival) readUDP() {
	for {
		var b bytes.Buffer
		res, err := r.udp.Read(&b, tcpip.ReadOptions{NeedRemoteAddr: true})
		if err != nil {
			return
		}
		r.tell("datagram %d %x", res.RemoteAddr.Port, b.Bytes())
		if r.onUDP != nil {
			r.onUDP(res.RemoteAddr, b.Bytes())
		}
	}
}

// gErrno is what a program sees of an error.
func gErrno(err tcpip.Error) string {
	switch err.(type) {
	case *tcpip.ErrConnectionReset:
		return "connection reset by peer"
	case *tcpip.ErrConnectionRefused:
		return "connection refused"
	case *tcpip.ErrTimeout:
		return "connection timed out"
	case *tcpip.ErrClosedForSend:
		return "broken pipe"
	case *tcpip.ErrNotConnected:
		return "transport endpoint is not connected"
	case nil:
		return "none"
	}
	return err.String()
}
