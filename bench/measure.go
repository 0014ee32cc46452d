package main

import (
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
)

// benchmark is one name of the results.
type benchmark struct {
	name, unit  string
	contenders  []contender
	connections []int
	measure     func(n network, connections int, t timing) (float64, error)
}

// perSecond ends the unit of a rate.
const perSecond = "/s"

var benchmarks = []benchmark{
	{"rr_event", "us/request/side", []contender{nativeEngine}, []int{1, 100, 1000, 30000}, measureEvents},
	{"rr_conn", "us/request/side", contenders, []int{1, 100, 1000, 30000}, measureRequests},
	{"rr_allocs", "allocations/request", contenders, []int{100}, measureAllocations},
	{"crr", "connections" + perSecond, contenders, []int{1, 100}, measureCycles},
	{"stream", "bytes" + perSecond, contenders, []int{1}, measureStream},
	{"idle_bytes", "bytes", contenders, []int{8000}, measureIdle},
}

// measurer works through the benchmarks.
type measurer struct {
	timing
	rounds  int            // odd
	largest int            // connections; more are cut to that
	filter  *regexp.Regexp // of name/engine/connections
	notes   io.Writer      // progress, and what is left out
}

// all returns the medians of everything, benchmark by benchmark.
func (m *measurer) all() (results []result, err error) {
	for _, b := range benchmarks {
		sizes := make([]int, 0, len(b.connections))
		for _, n := range b.connections {
			sizes = append(sizes, min(n, m.largest))
		}
		for _, n := range slices.Compact(sizes) {
			row, err := m.row(&b, n)
			if err != nil {
				return nil, err
			}
			results = append(results, row...)
		}
	}
	return results, nil
}

// row measures all contenders in turn, round by round.
func (m *measurer) row(b *benchmark, connections int) (row []result, err error) {
	fit := m.fit(b, connections)
	values := make([][]float64, len(fit))
	rounds := m.rounds
	if connections > 10000 {
		rounds = min(rounds, 3) // it takes longest to open them
	}
	for range rounds {
		for i, c := range fit {
			v, err := m.once(b, c, connections)
			if err != nil {
				return nil, fmt.Errorf("measure %s of %s with %d connections: %w", b.name, c.name, connections, err)
			}
			values[i] = append(values[i], v)
		}
	}
	for i, c := range fit {
		slices.Sort(values[i])
		row = append(row, result{b.name, c.name, connections, values[i][rounds/2], b.unit})
	}
	return row, nil
}

// fit returns the contenders that are asked for and can hold so many connections.
func (m *measurer) fit(b *benchmark, connections int) (fit []contender) {
	for _, c := range b.contenders {
		label := fmt.Sprintf("%s/%s/%d", b.name, c.name, connections)
		if !m.filter.MatchString(label) {
			continue
		}
		if err := c.room(connections); err != nil {
			fmt.Fprintf(m.notes, "%s is left out: %v\n", label, err)
			continue
		}
		fmt.Fprintln(m.notes, label)
		fit = append(fit, c)
	}
	return fit
}

// once measures on a new network.
func (m *measurer) once(b *benchmark, c contender, connections int) (float64, error) {
	runtime.GC() // the last one's garbage is not this one's
	n, err := c.open()
	if err != nil {
		return 0, err
	}
	defer n.Close()
	return b.measure(n, connections, m.timing)
}
