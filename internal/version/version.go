// Package version tells the version of the module that a program was built from.
package version

import "runtime/debug"

// Module returns the version as the go command knows it; "(devel)" if it does not.
func Module() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
