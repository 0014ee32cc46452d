package tcp

// Switches of the whole transport that an administrator may turn while it runs.

// SetSACK allows or forbids selective acknowledgements (RFC 2018) for connections made from now on.
func (t *Transport) SetSACK(on bool) { t.cfg.NoSACK = !on }

// SACK reports whether new connections may use selective acknowledgements.
func (t *Transport) SACK() bool { return !t.cfg.NoSACK }

// SetDelayedAck lets acknowledgements wait for data or for Config.DelayedAck (RFC 9293 section 3.8.6.3), or sends them in the turn in
// which data came. It counts at once.
func (t *Transport) SetDelayedAck(on bool) { t.cfg.NoDelayAck = !on }

// DelayedAck reports whether acknowledgements may wait.
func (t *Transport) DelayedAck() bool { return !t.cfg.NoDelayAck }
