package main

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"ringstack/msg"
)

func topCommand() *command {
	var f sampleFlags
	return &command{
		name:  "top",
		short: "show how busy the secondaries are",
		long: `In each interval a secondary's loop was idle (found nothing to do, or slept), in the stack (sys),
or in the application (usr); loop is how often it went round. The total adds the percentages up.
With --proc N alone only that secondary is shown, without proc id and total.
`,
		flags: f.add,
		run: func(ctx context.Context, t *tool, _ []string) error {
			procs, err := f.procs(t.proc)
			if err != nil {
				return err
			}
			return sample(ctx, t, &f, msg.KindTop, procs, showTop(t, procs))
		},
	}
}

type topRow msg.TopRow

func (r topRow) id() int { return r.Proc }

// since takes a lower Idle for none: it is what the other two leave of the time, and a busy loop
// may be late to count those.
func (r topRow) since(old topRow) topRow {
	if r.Loops < old.Loops || r.Sys < old.Sys || r.Usr < old.Usr || r.age() < old.age() {
		return r
	}
	r.Loops -= old.Loops
	r.Idle -= min(r.Idle, old.Idle)
	r.Sys -= old.Sys
	r.Usr -= old.Usr
	return r
}

// age is the time since attach, in nanoseconds.
func (r topRow) age() uint64 { return r.Idle + r.Sys + r.Usr }

// usage is what a loop did in an interval, in percent of it.
type usage struct {
	Idle  float64 `json:"idle"`
	Sys   float64 `json:"sys"`
	Usr   float64 `json:"usr"`
	Loops uint64  `json:"loops"`
}

type procUsage struct {
	Proc int `json:"proc_id"`
	usage
}

func (r topRow) usage() procUsage {
	all := float64(r.age())
	percent := func(ns uint64) float64 {
		if all == 0 {
			return 0
		}
		return hundredths(float64(ns) / all * 100)
	}
	return procUsage{r.Proc, usage{percent(r.Idle), percent(r.Sys), percent(r.Usr), r.Loops}}
}

// topSample is a sample in JSON.
type topSample struct {
	Procs []procUsage `json:"procs"`
	Total usage       `json:"total"`
}

func showTop(t *tool, procs procRange) func([]topRow) error {
	b := &box{
		w:      t.out,
		titles: []string{"proc_id", "idle", "sys", "usr", "loop"},
		widths: []int{9, 9, 9, 9, 15},
		single: procs.single,
	}
	return func(rows []topRow) error {
		s := topSample{Procs: []procUsage{}}
		var cells [][]string
		for _, r := range rows {
			u := r.usage()
			s.Procs = append(s.Procs, u)
			s.Total.add(u.usage)
			cells = append(cells, u.cells(strconv.Itoa(u.Proc)))
		}
		if t.json {
			return t.printJSON(s)
		}
		b.sample(cells, s.Total.cells("total"))
		return nil
	}
}

// hundredths rounds p to what is shown.
func hundredths(p float64) float64 { return math.Round(p*100) / 100 }

func (u *usage) add(v usage) {
	u.Idle = hundredths(u.Idle + v.Idle)
	u.Sys = hundredths(u.Sys + v.Sys)
	u.Usr = hundredths(u.Usr + v.Usr)
	u.Loops += v.Loops
}

func (u *usage) cells(name string) []string {
	percent := func(p float64) string { return fmt.Sprintf("%.2f%%", p) }
	return []string{name, percent(u.Idle), percent(u.Sys), percent(u.Usr), strconv.FormatUint(u.Loops, 10)}
}
