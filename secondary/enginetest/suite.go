// Package enginetest holds the tests that every engine.Engine must pass. Two engines run, each with a loop, on the ends of a
// cable that loses, holds and changes frames as a test wants.
package enginetest

import (
	"testing"

	"ringstack/secondary/engine"
)

// Open makes an engine.
type Open func(ports []engine.Port) (engine.Engine, error)

// Run runs all tests.
func Run(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Open)
	}{
		{"Flows", testFlows},
		{"Close", testClose},
		{"OwnAddress", testOwnAddress},
		{"NewErrors", testNewErrors},
		{"IPv4Only", testIPv4Only},
		{"Resolution", testResolution},
		{"Gateway", testGateway},
		{"SilentStart", testSilentStart},
		{"BadChecksum", testBadChecksum},
		{"Backpressure", testBackpressure},
		{"Ping", testPing},
		{"InputDrops", testInputDrops},
		{"Deadlines", testDeadlines},
		{"UseAfterClose", testUseAfterClose},
		{"Echo", testEcho},
		{"ManyConnections", testManyConnections},
		{"HalfClose", testHalfClose},
		{"CloseRead", testCloseRead},
		{"Refused", testRefused},
		{"Reset", testReset},
		{"NoNeighbour", testNoNeighbour},
		{"DialLocalPort", testDialLocalPort},
		{"DialCancel", testDialCancel},
		{"LocalPortIsReleased", testLocalPortIsReleased},
		{"ListenAgain", testListenAgain},
		{"ListenOneAddress", testListenOneAddress},
		{"UDPEcho", testUDPEcho},
		{"UDPTruncates", testUDPTruncates},
		{"UDPLocalPort", testUDPLocalPort},
		{"UDPErrors", testUDPErrors},
		{"Versions", testVersions},
		{"TTL", testTTL},
		{"OpenErrors", testOpenErrors},
		{"Closing", testClosing},
		{"Detach", testDetach},
		{"AttachChanged", testAttachChanged},
		{"SysctlNames", testSysctlNames},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}
