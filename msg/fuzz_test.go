package msg

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// FuzzParseFlows: what is read is written back as it was.
func FuzzParseFlows(f *testing.F) {
	f.Add([]byte{})
	f.Add(AppendFlow(nil, Flow{LocalPort: 80, RemotePort: 1}))
	f.Add(make([]byte, 2*flowSize+1))
	f.Fuzz(func(t *testing.T, b []byte) {
		flows, err := ParseFlows(b)
		if err != nil {
			return
		}
		var again []byte
		for _, flow := range flows {
			again = AppendFlow(again, flow)
		}
		if !bytes.Equal(again, b) {
			t.Errorf("% x became % x", b, again)
		}
	})
}

// FuzzRecv gives a Conn the frames of a hostile peer, each behind two bytes of length. Whatever comes, a message keeps to the limits.
func FuzzRecv(f *testing.F) {
	packed := func(frames ...[]byte) (all []byte) {
		for _, b := range frames {
			all = append(append(all, byte(len(b)), byte(len(b)>>8)), b...)
		}
		return all
	}
	f.Add(packed(frame(Header{ID: 1, Kind: KindPs}, `{"procs":[]}`)), false)
	f.Add(packed(frame(Header{ID: 1, Kind: KindPs, Flags: FlagMore}, `[1,`), frame(Header{ID: 1, Kind: KindPs}, `2]`)), false)
	f.Add(packed(frame(Header{ID: 1, Kind: KindPs, Flags: FlagMore}, `[1,`), frame(Header{ID: 2, Kind: KindPs}, `2]`)), true)
	f.Add(packed(frame(Header{ID: 1, Kind: KindStats, Status: 3}, `{"error":"no"}`), nil), true)
	f.Fuzz(func(t *testing.T, in []byte, request bool) {
		a, b := connPair(t)
		recv, limit := b.Recv, MaxReply
		if request {
			recv, limit = b.RecvRequest, MaxRequest
		}
		for sent := 0; len(in) > 2 && sent < 64; sent++ { // as many as the socket holds for sure
			n := min(int(in[0])|int(in[1])<<8, len(in)-2, 1024)
			if n == 0 {
				in = in[2:]
				continue // an empty packet is the end for the reader
			}
			if _, err := a.Write(in[2 : 2+n]); err != nil {
				t.Fatal(err)
			}
			in = in[2+n:]
		}
		a.Close()
		for {
			m, err := recv(soon())
			if err != nil {
				return
			}
			if len(m.Payload) > limit || int(m.Len) != len(m.Payload) || m.Kind == 0 || len(m.FDs) != 0 {
				t.Fatalf("%+v with %d bytes", m.Header, len(m.Payload))
			}
			checkDecoded(t, &m)
		}
	})
}

// checkDecoded reads a message as each kind of payload that there is.
func checkDecoded(t *testing.T, m *Message) {
	for _, out := range []any{
		new(Hello), new(Ready), new(Detach), new(PortRequest), new(LeaseReply), new(ProcRequest), new(PsReply), new([]TopRow), new([]TrafficRow),
		new([]Stat), new(SysctlRequest), new([]SysctlRow),
	} {
		var refusal *Error
		if err := m.Decode(out); m.Status != 0 && !errors.As(err, &refusal) {
			t.Fatalf("status %d is %v", m.Status, err)
		}
	}
	flows, err := ParseFlows(m.Payload)
	if err == nil && len(flows) != len(slices.Collect(slices.Chunk(m.Payload, flowSize))) {
		t.Fatalf("%d flows in %d bytes", len(flows), len(m.Payload))
	}
}
