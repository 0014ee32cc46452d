package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
)

// result is a figure: the median of its rounds.
type result struct {
	Name        string  `json:"name"`
	Engine      string  `json:"engine"`
	Connections int     `json:"connections"`
	Value       float64 `json:"value"`
	Unit        string  `json:"unit"`
}

// printTable prints a line for each name and number of connections, with a column for each contender, and how many times better than
// the others the native engine does.
func printTable(w io.Writer, results []result) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer t.Flush()
	fmt.Fprint(t, "name\tconnections\t")
	for _, c := range contenders {
		fmt.Fprint(t, c.name, "\t")
	}
	fmt.Fprint(t, "unit\tbetter than gvisor\tthan linux\t\n")
	for len(results) > 0 {
		n := 1
		for n < len(results) && results[n].Name == results[0].Name && results[n].Connections == results[0].Connections {
			n++
		}
		printLine(t, results[:n])
		results = results[n:]
	}
}

// printLine prints results of one name and number of connections.
func printLine(w io.Writer, results []result) {
	first, values := results[0], map[string]float64{}
	for _, r := range results {
		values[r.Engine] = r.Value
	}
	fmt.Fprintf(w, "%s\t%d\t", first.Name, first.Connections)
	for _, c := range contenders {
		fmt.Fprint(w, cell(values, c.name), "\t")
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t\n", first.Unit, better(values, "gvisor", first.Unit), better(values, "linux", first.Unit))
}

func cell(values map[string]float64, engine string) string {
	v, measured := values[engine]
	switch {
	case !measured:
		return "-"
	case v >= 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// better is the ratio of the native engine to another: of rates, or of the inverse of what is better when there is less of it.
func better(values map[string]float64, other, unit string) string {
	own, others := values[nativeEngine.name], values[other]
	if own == 0 || others == 0 {
		return "-"
	}
	if strings.HasSuffix(unit, perSecond) {
		own, others = others, own
	}
	return strconv.FormatFloat(others/own, 'f', 1, 64)
}

func writeJSON(path string, results []result) error {
	b, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return fmt.Errorf("encode results: %w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}
