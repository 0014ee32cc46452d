package config

import (
	"path/filepath"
	"slices"
	"strings"
)

// commandValue takes a program and its arguments. The path is absolute, so that
// what runs does not hang on where the supervisor was started.
func commandValue(p *[]string) value {
	return field[[]string]{
		p:     p,
		wants: "the absolute path of a program and its arguments, separated by blanks",
		parse: func(s string) ([]string, bool) {
			words := strings.Fields(s)
			return words, len(words) > 0 && filepath.IsAbs(words[0]) && filepath.Clean(words[0]) == words[0]
		},
		show: func(words []string) string { return strings.Join(words, " ") },
	}
}

// ownEnv names the variables that tell a supervised process where to attach.
var ownEnv = []string{"FF_SOCKET", "FF_GROUP", "FF_PROC"}

// envValue takes KEY=VALUE,KEY=VALUE.
func envValue(p *[]string) value {
	return field[[]string]{
		p: p,
		wants: "different variables such as GOMAXPROCS=2,GOGC=200, none of them of the supervisor's own (" +
			strings.Join(ownEnv, ", ") + ")",
		parse: parseEnv,
		show:  func(env []string) string { return strings.Join(env, ",") },
	}
}

func parseEnv(s string) (env []string, ok bool) {
	var names []string
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		name, _, ok := strings.Cut(part, "=")
		if !ok || !envName.MatchString(name) || slices.Contains(ownEnv, name) || slices.Contains(names, name) {
			return nil, false
		}
		env, names = append(env, part), append(names, name)
	}
	return env, true
}
