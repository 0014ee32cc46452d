package primary

import (
	"github.com/rs/zerolog"

	"ringstack/dispatch"
	"ringstack/internal/config"
)

// Config says what a primary is to be. Load makes one.
type Config struct {
	*config.Config
	// Log is used by the poll loop, too: what it writes to must not block, see LogWriter.
	Log zerolog.Logger
	// Dispatcher, if not nil, decides about every received frame, with F-Stack's contract. It runs
	// in the poll loop.
	Dispatcher dispatch.Func
	// Takeover has New ask the primary that runs with the same file prefix to stop, if there is one. The secondaries come over.
	Takeover bool
	// Managed, if not nil, reports whether a service manager would start this primary again. It does not stop for one that is to take over then.
	Managed func() bool
}

// Load reads and checks a config.ini: that at path or, when path is empty, the first of $FF_CONFIG,
// ./config.ini and /etc/ringstack/config.ini. It logs what may surprise in it. The error has a line
// for every mistake.
func Load(path string, log zerolog.Logger) (Config, error) {
	path, err := config.Find(path)
	if err != nil {
		return Config{}, err
	}
	cfg, warnings, err := config.Load(path)
	if err != nil {
		return Config{}, err
	}
	for _, warning := range warnings {
		log.Warn().Str("component", "config").Msg(warning.String())
	}
	return Config{Config: cfg, Log: log}, nil
}
