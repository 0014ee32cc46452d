package main

import (
	"testing"

	"ringstack/msg"
)

func TestStats(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindStats: []msg.Stat{
		{Name: "port0.rx_packets", Value: 1<<64 - 1}, {Name: "drop.bad_ipv4_checksum", Value: 7}, {Name: "port0.\x1b[m", Value: 0},
	}})
	ff(t, socket, "stats").want(t, 0, `
port0.rx_packets        18446744073709551615
drop.bad_ipv4_checksum                     7
port0.\x1b[m                               0
`[1:], "")
	ff(t, socket, "stats", "drop.").want(t, 0, "drop.bad_ipv4_checksum  7\n", "")
	ff(t, socket, "stats", "drop.", "--json").want(t, 0, `[{"name":"drop.bad_ipv4_checksum","value":7}]`+"\n", "")
	ff(t, socket, "stats", "x").want(t, 1, "", "ff: no counter begins with \"x\"\n")
	ff(t, fakePrimary(t, answers{msg.KindStats: []msg.Stat{}}), "stats").want(t, 0, "", "")
}
