package tcp

// State is a connection's state (RFC 9293 section 3.3.2).
type State uint8

// Listeners and half-open connections have blocks of their own: a connection block is in SynRcvd only after a simultaneous
// open. In TimeWait or Closed a block only keeps unread bytes for the application.
const (
	Closed State = iota
	Listen
	SynSent
	SynRcvd
	Established
	CloseWait
	FinWait1
	Closing
	LastAck
	FinWait2
	TimeWait
)

var stateNames = [...]string{
	"CLOSED", "LISTEN", "SYN_SENT", "SYN_RCVD", "ESTABLISHED", "CLOSE_WAIT",
	"FIN_WAIT_1", "CLOSING", "LAST_ACK", "FIN_WAIT_2", "TIME_WAIT",
}

// String returns the name that netstat shows.
func (s State) String() string { return stateNames[s] }

// synchronized: both sides know both initial sequence numbers and the connection is still in the table.
func (s State) synchronized() bool { return s >= SynRcvd && s != TimeWait }

// mayReceive: data from the peer is still accepted.
func (s State) mayReceive() bool { return s == Established || s == FinWait1 || s == FinWait2 }

// maySend: the application may still write.
func (s State) maySend() bool { return s == Established || s == CloseWait }

// sending: there can be data or a FIN to transmit.
func (s State) sending() bool { return s >= Established && s <= LastAck }
