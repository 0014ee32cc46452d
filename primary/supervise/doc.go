// Package supervise keeps a whole service up: the primary, and the secondaries that a configuration
// names. It starts them in order, starts again what ends, and stops them in reverse order.
//
//	                          +-- ff-primary   ready when it says so (sd_notify), watched
//	ff status, start, --- Supervisor
//	stop, restart             +-- web.0, web.1 ready when the primary says that they are live
//
// Each process has a keeper, whose goroutine alone starts, watches and ends it. Keepers do not know of
// each other: when the primary ends, it is started again and nobody else is touched.
//
// A supervisor that is killed leaves its processes running.
package supervise
