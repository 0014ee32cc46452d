package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is text in columns, two spaces apart. Cells hold printable text.
type table [][]string

// write prints the table with the columns in right aligned at the right.
func (t table) write(w io.Writer, right ...int) {
	var widths []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for i := range widths {
		widths[i] = -widths[i] // left, as %*s has it
	}
	for _, i := range right {
		widths[i] = -widths[i]
	}
	for _, row := range t {
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "%*s  ", widths[i], cell)
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// box prints samples between bars, as F-Stack's ff_top and ff_traffic do.
type box struct {
	w      io.Writer
	titles []string
	widths []int
	single bool // of one secondary: without proc ids and totals
	lines  int  // since the titles
}

// titleEvery is the number of lines after which the titles come again (F-Stack's title_line).
const titleEvery = 40

// sample prints rows, which begin with a proc id, and their total.
func (b *box) sample(rows [][]string, total []string) {
	if b.lines == 0 || b.lines >= titleEvery {
		b.rule("-")
		b.row(b.titles)
		b.rule("-")
		b.lines = 0
	}
	for _, row := range rows {
		b.row(row)
	}
	if !b.single {
		b.row(total)
		b.rule(" ")
	}
}

func (b *box) row(cells []string) {
	for i, cell := range cells {
		if i > 0 || !b.single {
			fmt.Fprintf(b.w, "|%*s", b.widths[i], cell)
		}
	}
	fmt.Fprintln(b.w, "|")
	b.lines++
}

// rule prints a line of c, or an empty one with " ".
func (b *box) rule(c string) {
	var cells []string
	for _, width := range b.widths {
		cells = append(cells, strings.Repeat(c, width))
	}
	b.row(cells)
}
