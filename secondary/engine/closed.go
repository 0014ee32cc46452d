package engine

import "net"

// Closed is the error of calls on what an engine had opened that was closed for a reason: net.ErrClosed, and why.
func Closed(why error) error { return closedError{why} }

type closedError struct{ why error }

func (e closedError) Error() string   { return net.ErrClosed.Error() + ": " + e.why.Error() }
func (e closedError) Unwrap() []error { return []error{net.ErrClosed, e.why} }
