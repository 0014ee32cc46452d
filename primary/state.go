package primary

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"ringstack/dispatch"
	"ringstack/msg"
)

// errState: a state file that cannot be used.
var errState = errors.New("not a usable state file")

const (
	stateMagic   = "ringstack-state"
	stateVersion = 2
)

// savedState is what the next life of a primary has to know of this one, so that its secondaries' connections go on. Its file has a line with
// magic, version, checksum and length, and then the state as JSON.
type savedState struct {
	Hash   string       `json:"hash"`            // under another one the buckets mean nothing
	Doubt  bool         `json:"doubt,omitempty"` // there may be secondaries that are not in it, see dispatch.Table.Doubt
	Groups []groupState `json:"groups,omitempty"`
	Procs  []procState  `json:"procs,omitempty"`
	Ports  []portState  `json:"ports,omitempty"`
	Leases []leaseState `json:"leases,omitempty"`
	Pins   []byte       `json:"pins,omitempty"`   // flows, see msg.AppendFlow
	Pinned []byte       `json:"pinned,omitempty"` // the proc id of each

	Sysctls []sysctlState `json:"sysctls,omitempty"`
}

type groupState struct {
	Name string `json:"name"`
	UID  int    `json:"uid"`
}

// procState is a secondary.
type procState struct {
	ID      uint8  `json:"id"`
	Ticket  string `json:"ticket"`
	PID     int    `json:"pid"`
	Start   uint64 `json:"start"` // of the process, see processStart
	UID     int    `json:"uid"`
	Program string `json:"program"`
	Group   string `json:"group"`
	Drains  bool   `json:"drains,omitempty"`
	DrainBy int64  `json:"drain_by,omitempty"` // Unix time in milliseconds; 0: there is no limit
}

// portState is an owned port. Owner and Next have the proc id of each bucket, or one for all; Next is left out where it is as Owner.
type portState struct {
	Proto   uint8  `json:"proto"`
	Port    uint16 `json:"port"`
	Group   string `json:"group"`
	Members []byte `json:"members"`
	Owner   []byte `json:"owner"`
	Next    []byte `json:"next,omitempty"`
	Vague   []byte `json:"vague,omitempty"` // the numbers of such buckets
}

// sysctlState is a variable that was set at run time for all secondaries, and those to come.
type sysctlState struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Was   string `json:"was"` // in the configuration; when that says something else now, it counts
}

type leaseState struct {
	First uint16 `json:"first"`
	Proc  uint8  `json:"proc"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode returns the state as its file has it.
func (s *savedState) encode() ([]byte, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode state: %w", err)
	}
	return sealState(body), nil
}

// sealState puts the line before the JSON that tells whether it is whole.
func sealState(body []byte) []byte {
	head := fmt.Sprintf("%s %d %08x %d\n", stateMagic, stateVersion, crc32.Checksum(body, castagnoli), len(body))
	return append([]byte(head), body...)
}

// decodeState reads what encode has written. Errors wrap errState.
func decodeState(file []byte) (*savedState, error) {
	head, body, _ := bytes.Cut(file, []byte("\n"))
	var magic string
	var version, length int
	var sum uint32
	_, err := fmt.Sscanf(string(head), "%s %d %x %d", &magic, &version, &sum, &length)
	switch {
	case len(file) == 0:
		return nil, fmt.Errorf("%w: it could not be written", errState)
	case err != nil || magic != stateMagic:
		return nil, fmt.Errorf("%w: it does not begin as one", errState)
	case version != stateVersion:
		return nil, fmt.Errorf("%w: version %d, but this primary knows %d", errState, version, stateVersion)
	case length != len(body):
		return nil, fmt.Errorf("%w: %d bytes of %d", errState, len(body), length)
	case sum != crc32.Checksum(body, castagnoli):
		return nil, fmt.Errorf("%w: wrong checksum", errState)
	}
	s := new(savedState)
	if err := json.Unmarshal(body, s); err != nil {
		return nil, fmt.Errorf("%w: %w", errState, err)
	}
	return s, nil
}

// setTable enters what the dispatch table knows; groups have their names by id.
func (s *savedState) setTable(t dispatch.Snapshot, groups map[int]string) {
	for i := range t.Ports {
		p := &t.Ports[i]
		s.Ports = append(s.Ports, portState{Proto: p.Proto, Port: p.Port, Group: groups[p.Group], Members: p.Members, Owner: []byte{p.Solo}})
		if p.Buckets != nil {
			s.Ports[i].setBuckets(p.Buckets)
		}
	}
	for _, l := range t.Leases {
		s.Leases = append(s.Leases, leaseState(l))
	}
	for i := range t.Pins {
		f := &t.Pins[i]
		s.Pins = msg.AppendFlow(s.Pins, msg.Flow{
			Local: f.Local, Remote: f.Remote, LocalPort: f.LocalPort, RemotePort: f.RemotePort, HalfOpen: f.HalfOpen,
		})
		s.Pinned = append(s.Pinned, t.Pins[i].Proc)
	}
}

// table returns what setTable has entered. groupID finds a group by its name.
func (s *savedState) table(groupID func(name string) int) (t dispatch.Snapshot, err error) {
	for i := range s.Ports {
		p := &s.Ports[i]
		port := dispatch.PortSnapshot{Proto: p.Proto, Port: p.Port, Group: groupID(p.Group), Members: p.Members, Solo: dispatch.NoProc}
		if len(p.Owner) == 1 && p.Next == nil && p.Vague == nil {
			port.Solo = p.Owner[0]
		} else if port.Buckets = p.buckets(); port.Buckets == nil {
			return t, fmt.Errorf("%w: buckets of port %d", errState, p.Port)
		}
		t.Ports = append(t.Ports, port)
	}
	for _, l := range s.Leases {
		t.Leases = append(t.Leases, dispatch.LeaseSnapshot(l))
	}
	flows, err := parseFlows(s.Pins)
	if err != nil || len(flows) != len(s.Pinned) {
		return t, fmt.Errorf("%w: %d bytes of pins for %d flows", errState, len(s.Pins), len(s.Pinned))
	}
	for i, f := range flows {
		t.Pins = append(t.Pins, dispatch.PinSnapshot{Claim: f, Proc: s.Pinned[i]})
	}
	return t, nil
}

func (p *portState) setBuckets(b *dispatch.BucketSnapshot) {
	p.Owner = packBuckets(&b.Owner)
	if b.Next != b.Owner {
		p.Next = packBuckets(&b.Next)
	}
	for i, vague := range b.Vague {
		if vague {
			p.Vague = append(p.Vague, byte(i))
		}
	}
}

// buckets returns what setBuckets has entered, nil when it makes no sense.
func (p *portState) buckets() *dispatch.BucketSnapshot {
	b := new(dispatch.BucketSnapshot)
	ok := unpackBuckets(&b.Owner, p.Owner)
	if b.Next = b.Owner; p.Next != nil {
		ok = unpackBuckets(&b.Next, p.Next) && ok
	}
	for _, i := range p.Vague {
		b.Vague[i] = true
	}
	if !ok {
		return nil
	}
	return b
}

// packBuckets returns the proc id of each bucket, or the one that all have.
func packBuckets(buckets *[dispatch.NumBuckets]uint8) []byte {
	if bytes.Count(buckets[:], buckets[:1]) == len(buckets) {
		return []byte{buckets[0]}
	}
	return bytes.Clone(buckets[:])
}

func unpackBuckets(buckets *[dispatch.NumBuckets]uint8, packed []byte) bool {
	if len(packed) == 1 {
		packed = bytes.Repeat(packed, len(buckets))
	}
	return copy(buckets[:], packed) == len(buckets) && len(packed) == len(buckets)
}
