package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"ringstack/msg"
)

func trafficCommand() *command {
	var (
		f      sampleFlags
		totals bool
	)
	return &command{
		name:  "traffic",
		short: "show what the secondaries receive and send",
		long: `Packets and bytes in each interval. rx_dropped were dispatched to a secondary whose ring or quota
was full; tx_dropped found no mbuf or room, or were refused by the NIC. With --proc N alone only
that secondary is shown, without proc id and total.
`,
		flags: func(fs *pflag.FlagSet) {
			f.add(fs)
			fs.BoolVarP(&totals, "single", "s", false, "print what was counted since the start, once, separated by commas")
		},
		run: func(ctx context.Context, t *tool, _ []string) error {
			procs, err := f.procs(t.proc)
			if err != nil {
				return err
			}
			if totals {
				return showTotals(ctx, t, procs)
			}
			return sample(ctx, t, &f, msg.KindTraffic, procs, showTraffic(t, procs))
		},
	}
}

type trafficRow msg.TrafficRow

func (r trafficRow) id() int { return r.Proc }

// counters returns pointers to the counters, in the order of F-Stack's columns.
func (r *trafficRow) counters() []*uint64 {
	return []*uint64{&r.RxPackets, &r.RxBytes, &r.TxPackets, &r.TxBytes, &r.RxDropped, &r.TxDropped}
}

func (r trafficRow) since(old trafficRow) trafficRow {
	diff, was := r, old.counters()
	for i, c := range diff.counters() {
		if *c < *was[i] {
			return r
		}
		*c -= *was[i]
	}
	return diff
}

func (r *trafficRow) cells(name string) []string {
	cells := []string{name}
	for _, c := range r.counters() {
		cells = append(cells, strconv.FormatUint(*c, 10))
	}
	return cells
}

func sum(rows []trafficRow) (total trafficRow) {
	for _, r := range rows {
		counted := r.counters()
		for i, c := range total.counters() {
			*c += *counted[i]
		}
	}
	return total
}

func showTraffic(t *tool, procs procRange) func([]trafficRow) error {
	b := &box{
		w:      t.out,
		titles: []string{"proc_id", "rx packets", "rx bytes", "tx packets", "tx bytes", "rx_dropped", "tx_dropped"},
		widths: []int{9, 20, 20, 20, 20, 20, 20},
		single: procs.single,
	}
	return func(rows []trafficRow) error {
		total := sum(rows)
		if t.json {
			return t.printTrafficJSON(rows, total)
		}
		var cells [][]string
		for _, r := range rows {
			cells = append(cells, r.cells(strconv.Itoa(r.Proc)))
		}
		b.sample(cells, total.cells("total"))
		return nil
	}
}

// printTrafficJSON prints a sample.
func (t *tool) printTrafficJSON(rows []trafficRow, total trafficRow) error {
	type totalRow struct {
		trafficRow
		Proc *int `json:"proc_id,omitempty"` // hides that of trafficRow: a total has none
	}
	return t.printJSON(struct {
		Procs []trafficRow `json:"procs"`
		Total totalRow     `json:"total"`
	}{append([]trafficRow{}, rows...), totalRow{trafficRow: total}})
}

// showTotals prints the running totals as F-Stack's ff_traffic -s does.
func showTotals(ctx context.Context, t *tool, procs procRange) error {
	rows, err := fetch[trafficRow](ctx, t, msg.KindTraffic, procs)
	if err != nil {
		return err
	}
	total := sum(rows)
	switch {
	case t.json:
		return t.printTrafficJSON(rows, total)
	case procs.single:
		fmt.Fprintln(t.out, strings.Join(total.cells("total")[1:], ","))
		return nil
	}
	for _, r := range rows {
		printTotals(t, r.cells(strconv.Itoa(r.Proc)))
	}
	printTotals(t, total.cells("total"))
	return nil
}

func printTotals(t *tool, cells []string) {
	fmt.Fprintf(t.out, "%9s", cells[0])
	for _, cell := range cells[1:] {
		fmt.Fprintf(t.out, ",%20s", cell)
	}
	fmt.Fprintln(t.out)
}
