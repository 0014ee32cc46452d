package main

import "fmt"

// didYouMean returns ` (did you mean "..."?)` with the candidate nearest to name, or "" when none is
// near: a slip or two away, and fewer in a short name.
func didYouMean(name string, candidates []string) string {
	nearest, best := "", max(1, min(2, len(name)/3))+1
	for _, c := range candidates {
		if n := len(c) - len(name); n >= best || -n >= best {
			continue
		}
		if d := distance(name, c); d < best {
			nearest, best = c, d
		}
	}
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", nearest)
}

// distance is the number of bytes to insert, delete or replace to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1) // row[j]: distance of a[:i] and b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
