package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"ringstack/msg"
)

// printVersion prints the version of this program and of the protocol that secondaries have to speak.
func printVersion(w io.Writer) {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	fmt.Fprintf(w, "ff-primary %s, protocol %d, %s\n", version, msg.Version, runtime.Version())
}
