//go:build !gvisor

package secondary

import (
	"ringstack/secondary/engine"
	"ringstack/secondary/native"
)

// newEngine makes the stack.
func newEngine(ports []engine.Port) (engine.Engine, error) { return native.New(ports) }
