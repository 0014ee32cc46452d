// Package arch holds the architecture: its tests check which package imports which, where unsafe
// and cgo are, and that libraries neither exit nor panic.
package arch
