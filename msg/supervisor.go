package msg

import "path/filepath"

// SupervisorSocket returns the socket of the supervisor that keeps the primary with this control socket.
func SupervisorSocket(control string) string {
	return filepath.Join(filepath.Dir(control), "supervisor.sock")
}

// UnitsRequest names what a supervisor is to start, stop or restart: the "primary", all processes of a
// section ("web"), or one of them ("web.0").
type UnitsRequest struct {
	Names []string `json:"names"`
}

// Unit is a process that a supervisor keeps.
type Unit struct {
	Name     string  `json:"name"`
	State    string  `json:"state"`            // "starting", "live", "stopping", "stopped", or "waiting" to be started again
	PID      int     `json:"pid"`              // 0: there is no process
	Uptime   float64 `json:"uptime_seconds"`   // of the process
	Restarts int     `json:"restarts"`         // how often it was started again after it had ended by itself
	LastEnd  string  `json:"last_end"`         // of its last process: "exit status 1", "signal: killed"; "": none has ended
	RetryIn  float64 `json:"retry_in_seconds"` // when waiting
}
