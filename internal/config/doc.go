// Package config turns a config.ini into a checked Go struct and into the
// argument vector of DPDK's EAL.
//
//	config.ini --Load--> Config --EALArgs--> rte_eal_init
//	               |        `-----Print----> the effective config.ini
//	               `--> warnings, or every mistake with its line
//
// Sections and keys are F-Stack's, plus a few of this project. Everything that
// is known about a key (its name, what it allows, where it is stored, whether
// ringstack acts on it) is one row of the table in keys.go; Load, Print and the
// hints are all driven by that table.
//
// An F-Stack config.ini loads. A known F-Stack key that has no effect here is
// named in a warning; an unknown key is an error with the nearest valid name.
package config
