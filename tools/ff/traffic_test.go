package main

import (
	"testing"

	"ringstack/msg"
)

var (
	trafficBefore = []msg.TrafficRow{
		{Proc: 1, RxPackets: 1, RxBytes: 2, TxPackets: 3, TxBytes: 4, RxDropped: 5, TxDropped: 6},
		{Proc: 0, RxPackets: 10, RxBytes: 20, TxPackets: 30, TxBytes: 40, RxDropped: 50, TxDropped: 60},
	}
	trafficAfter = []msg.TrafficRow{
		// Another process: its few dropped packets tell.
		{Proc: 1, RxPackets: 100, RxBytes: 200, TxPackets: 300, TxBytes: 400, RxDropped: 4, TxDropped: 600},
		{Proc: 0, RxPackets: 11, RxBytes: 22, TxPackets: 33, TxBytes: 44, RxDropped: 50, TxDropped: 61},
	}
)

func TestTraffic(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTraffic: inTurn(trafficBefore, trafficAfter)})
	ff(t, socket, fastSampling("traffic", "-n1")...).want(t, 0, `
|---------|--------------------|--------------------|--------------------|--------------------|--------------------|--------------------|
|  proc_id|          rx packets|            rx bytes|          tx packets|            tx bytes|          rx_dropped|          tx_dropped|
|---------|--------------------|--------------------|--------------------|--------------------|--------------------|--------------------|
|        0|                   1|                   2|                   3|                   4|                   0|                   1|
|        1|                 100|                 200|                 300|                 400|                   4|                 600|
|    total|                 101|                 202|                 303|                 404|                   4|                 601|
|         |                    |                    |                    |                    |                    |                    |
`[1:], "")
}

func TestTrafficOfOne(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTraffic: inTurn(trafficBefore, trafficAfter)})
	ffNamed(t, "./ff_traffic", socket, fastSampling("-p0", "-n1")...).want(t, 0, `
|--------------------|--------------------|--------------------|--------------------|--------------------|--------------------|
|          rx packets|            rx bytes|          tx packets|            tx bytes|          rx_dropped|          tx_dropped|
|--------------------|--------------------|--------------------|--------------------|--------------------|--------------------|
|                   1|                   2|                   3|                   4|                   0|                   1|
`[1:], "")
}

func TestTrafficTotals(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTraffic: trafficBefore})
	ff(t, socket, "traffic", "-s", "-p", "1").want(t, 0, "1,2,3,4,5,6\n", "")
	ff(t, socket, "traffic", "-s").want(t, 0, `
        0,                  10,                  20,                  30,                  40,                  50,                  60
        1,                   1,                   2,                   3,                   4,                   5,                   6
    total,                  11,                  22,                  33,                  44,                  55,                  66
`[1:], "")
}

func TestTrafficJSON(t *testing.T) {
	socket := fakePrimary(t, answers{msg.KindTraffic: inTurn([]msg.TrafficRow{}, trafficBefore[:1])})
	const want = `{"procs":[{"proc_id":1,"rx_packets":1,"rx_bytes":2,"tx_packets":3,"tx_bytes":4,"rx_dropped":5,"tx_dropped":6}],` +
		`"total":{"rx_packets":1,"rx_bytes":2,"tx_packets":3,"tx_bytes":4,"rx_dropped":5,"tx_dropped":6}}` + "\n"
	ff(t, socket, fastSampling("traffic", "--json", "-n1")...).want(t, 0, want, "")
	ff(t, socket, "traffic", "--json", "-s").want(t, 0, want, "")
}
