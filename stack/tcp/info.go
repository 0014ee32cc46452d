package tcp

import (
	"iter"
	"time"

	"ringstack/stack/wire"
)

// Info describes a connection, or in All also a listener, a half-open connection or TIME-WAIT.
type Info struct {
	ID                    ID // 0 for half-open connections and TIME-WAIT
	State                 State
	Local, Remote         wire.Addr
	LocalPort, RemotePort uint16
	Unread, Unsent        int // bytes queued in both directions
	MSS                   int
	Cwnd, Ssthresh        uint32 // bytes
	SendWindow            uint32
	RecvWindow            uint32
	InFlight              uint32
	SRTT, RTTVar, RTO     time.Duration
	MinRTT                time.Duration
	Backoff               int
	SACK, Timestamps, ECN bool
	Congestion            Congestion
}

// Info returns a connection's numbers; ok is false when it is gone.
func (t *Transport) Info(id ID) (info Info, ok bool) {
	i, c := t.conn(id)
	if c == nil {
		return info, false
	}
	return t.info(i, c), true
}

func (t *Transport) info(i uint32, c *conn) Info {
	return Info{
		ID: makeID(i, c.gen), State: c.state, Local: c.Local, Remote: c.Remote, LocalPort: c.localPort, RemotePort: c.remotePort,
		Unread: t.unread(i, c), Unsent: c.sndQ.Len(), MSS: int(c.mss), Cwnd: c.cwnd, Ssthresh: c.ssthresh,
		SendWindow: c.sndWnd, RecvWindow: c.rcvAdv - c.rcvNxt, InFlight: c.flight(),
		SRTT: c.srtt, RTTVar: c.rttvar, RTO: c.rto, MinRTT: c.minRTT, Backoff: int(c.backoff),
		SACK: c.has(useSACK), Timestamps: c.has(useTS), ECN: c.has(useECN), Congestion: c.controller,
	}
}

// All lists listeners, connections, half-open connections and TIME-WAIT. Only calls that change nothing may be made meanwhile.
func (t *Transport) All() iter.Seq[Info] {
	return func(yield func(Info) bool) {
		for i := range t.listeners.list {
			l := &t.listeners.list[i]
			if l.open && !yield(Info{ID: makeID(uint32(i), l.gen), State: Listen, Local: l.Addr, LocalPort: l.Port}) {
				return
			}
		}
		for _, e := range t.table.entries {
			if e != 0 && !yield(t.describe(ref(e))) {
				return
			}
		}
	}
}

func (t *Transport) describe(r ref) Info {
	if r.kind() == refConn {
		return t.info(r.index(), t.conns.at(r.index()))
	}
	f := t.flowOf(r)
	info := Info{State: TimeWait, Local: f.Local, Remote: f.Remote, LocalPort: f.localPort, RemotePort: f.remotePort}
	if r.kind() == refHalfOpen {
		info.State = SynRcvd
	}
	return info
}

// Flow is the little that Flows tells of a connection, a half-open one, or TIME-WAIT.
type Flow struct {
	Local, Remote         wire.Addr
	LocalPort, RemotePort uint16
	State                 State
	NotTaken              bool // a listener has handed it over, see Take
	Closed                bool // by the application
}

// Flows lists all but listeners. It is made for very many. The Flow is valid during the call; no other calls may be made meanwhile.
func (t *Transport) Flows(yield func(*Flow)) {
	for _, e := range t.table.entries {
		if e == 0 {
			continue
		}
		f := t.flowOf(ref(e))
		info := Flow{Local: f.Local, Remote: f.Remote, LocalPort: f.localPort, RemotePort: f.remotePort, State: TimeWait}
		switch r := ref(e); r.kind() {
		case refConn:
			c := t.conns.at(r.index())
			info.State, info.NotTaken, info.Closed = c.state, c.has(notTaken), c.has(appClosed)
		case refHalfOpen:
			info.State = SynRcvd
		}
		yield(&info)
	}
}

// Usage is how much of each resource is in use.
type Usage struct {
	Conns, HalfOpen, TimeWait int
	Chunks                    int // of buf.ChunkSize bytes
	Sent, Runs                int
	Timers                    int
}

// Usage returns the use of resources now.
func (t *Transport) Usage() Usage {
	return Usage{
		Conns: t.conns.used, HalfOpen: t.halfOpen.used, TimeWait: t.timeWait.used, Chunks: t.bufs.Used(),
		Sent: t.sent.used, Runs: t.runs.used, Timers: t.wheel.Len() + t.synWheel.Len(),
	}
}
