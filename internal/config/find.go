package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Env names the environment variable that Find looks at.
const Env = "FF_CONFIG"

// Find returns the path of the config.ini to load: flag (the value of --conf)
// if it is not empty, else $FF_CONFIG if it is set, else ./config.ini, else
// /etc/ringstack/config.ini. A path that was asked for by flag or environment
// must exist: falling back to another file would hide the slip. The error wraps
// fs.ErrNotExist if nothing was found.
func Find(flag string) (path string, err error) {
	return find(flag, os.Getenv(Env), []string{"./config.ini", "/etc/ringstack/config.ini"})
}

func find(flag, env string, usual []string) (string, error) {
	if flag != "" {
		return flag, exists("--conf", flag)
	}
	if env != "" {
		return env, exists(Env, env)
	}
	for _, path := range usual {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("find config: %w", err)
		}
	}
	return "", fmt.Errorf("find config: --conf and %s are not set, and there is no %s: %w",
		Env, strings.Join(usual, " and no "), fs.ErrNotExist)
}

func exists(source, path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("find config: %s: %w", source, err)
	}
	return nil
}
