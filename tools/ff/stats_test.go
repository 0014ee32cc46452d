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
	ff(t, socket, "stats", "port0.rx", "drop").want(t, 0, `
port0.rx_packets        18446744073709551615
drop.bad_ipv4_checksum                     7
`[1:], "")
	ff(t, socket, "stats", "-z", "port0").want(t, 0, "port0.rx_packets  18446744073709551615\n", "")
	ff(t, socket, "stats", "--nonzero", "--json", "port0.\x1b").want(t, 0, "[]\n", "")
	ff(t, socket, "stats", "drop", "x").want(t, 1, "", "ff: no counter begins with \"x\": there are port0, drop\n")
	ff(t, socket, "stats", "-p", "1").want(t, 1, "", "ff: the primary says nothing of proc 1\n")
	ff(t, fakePrimary(t, answers{msg.KindStats: []msg.Stat{}}), "stats").want(t, 0, "", "")
}

func TestStatsOfOne(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindStats: []msg.Stat{
		{Name: "port0.rx_packets", Value: 1}, {Name: "proc1.rx_packets", Value: 2}, {Name: "proc1.rx_quota"}, {Name: "proc10.rx_packets", Value: 3},
	}})
	ff(t, socket, "stats", "-p1").want(t, 0, "proc1.rx_packets  2\nproc1.rx_quota    0\n", "")
	ff(t, socket, "stats", "-p1", "-z").want(t, 0, "proc1.rx_packets  2\n", "")
	ff(t, socket, "stats", "-p1", "proc1.rx_q").want(t, 0, "proc1.rx_quota  0\n", "")
	ff(t, socket, "stats", "-p1", "port0").want(t, 1, "", "ff: no counter begins with \"port0\": there are proc1\n")
}
