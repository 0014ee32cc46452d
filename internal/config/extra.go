package config

import (
	"slices"
	"strings"
)

// ealOwned names the EAL options that a key of config.ini (or ringstack itself)
// decides. Given again in extra_eal_args they would contradict it, or hide the
// primary's memory from everyone else.
var ealOwned = []string{
	"-l", "-c", "-n", "-m", "-h",
	"--lcores", "--proc-type", "--file-prefix", "--no-huge", "--socket-mem", "--single-file-segments",
	"--base-virtaddr", "--no-pci", "--vdev", "--in-memory", "--no-shconf", "--help",
}

// extraArgsValue takes EAL options separated by blanks, but none of ealOwned.
func extraArgsValue(p *[]string) value {
	return field[[]string]{
		p: p,
		wants: "EAL options separated by blanks, but none that ringstack sets itself (" +
			strings.Join(ealOwned, " ") + ")",
		parse: func(s string) ([]string, bool) {
			args := strings.Fields(s)
			return args, len(args) > 0 && strings.HasPrefix(args[0], "-") && !slices.ContainsFunc(args, isOwned)
		},
		show: func(args []string) string { return strings.Join(args, " ") },
	}
}

// isOwned knows the ways in which getopt_long takes an option: a letter with its
// value attached, and a long name cut short.
func isOwned(arg string) bool {
	name, _, _ := strings.Cut(arg, "=")
	if name == "-" || name == "--" {
		return true
	}
	for _, owned := range ealOwned {
		isLong := strings.HasPrefix(owned, "--")
		if isLong && strings.HasPrefix(name, "--") && strings.HasPrefix(owned, name) ||
			!isLong && strings.HasPrefix(name, owned) {
			return true
		}
	}
	return false
}
