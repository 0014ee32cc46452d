package dispatch

// Action is what happens to a frame.
type Action uint8

const (
	Drop      Action = iota // counted under Verdict.Reason
	Deliver                 // to Verdict.Proc
	Broadcast               // a copy to each of Table.Live
)

// Verdict is the answer of Table.Decide.
type Verdict struct {
	Action Action
	Proc   uint8  // if Action is Deliver
	Reason Reason // ReasonNone unless Action is Drop
}

func drop(r Reason) Verdict { return Verdict{Action: Drop, Reason: r} }

func deliver(proc uint8) Verdict { return Verdict{Action: Deliver, Proc: proc} }
