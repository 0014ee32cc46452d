//go:build gvisor

package secondary

import (
	"ringstack/secondary/engine"
	"ringstack/secondary/gvisor"
)

// newEngine makes the stack.
func newEngine(ports []engine.Port) (engine.Engine, error) { return gvisor.New(ports) }
