package dispatch

// Action is what happens to a frame.
type Action uint8

const (
	Drop      Action = iota // counted under Verdict.Reason
	Deliver                 // to Verdict.Proc
	Broadcast               // a copy to each of Table.Live
	Hold                    // keep it: hand it to Table.Hold before anything else
	Release                 // to Verdict.Proc, after the frames of Table.Released
)

// Verdict is the answer of Table.Decide.
type Verdict struct {
	Action Action
	Proc   uint8  // if Action is Deliver or Release
	Reason Reason // ReasonNone unless Action is Drop
}

func drop(r Reason) Verdict { return Verdict{Action: Drop, Reason: r} }

func deliver(proc uint8) Verdict { return Verdict{Action: Deliver, Proc: proc} }
