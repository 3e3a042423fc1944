package report

import (
	"fmt"
	"slices"
	"strings"
)

// page is Markdown under construction. Blocks are separated by an empty line.
type page struct {
	b strings.Builder
}

func (p *page) block(text string) {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	p.b.WriteString(strings.TrimRight(text, "\n"))
	p.b.WriteByte('\n')
}

func (p *page) title(text string)      { p.block("# " + text) }
func (p *page) heading(text string)    { p.block("## " + text) }
func (p *page) subheading(text string) { p.block("### " + text) }
func (p *page) paragraph(text string)  { p.block(text) }

func (p *page) list(items []string) {
	var b strings.Builder
	for _, item := range items {
		b.WriteString("- " + item + "\n")
	}
	p.block(b.String())
}

// table of cells that are Markdown already: what came from elsewhere has gone
// through plain.
func (p *page) table(header []string, rows [][]string) {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(header)
	line(slices.Repeat([]string{"---"}, len(header)))
	for _, row := range rows {
		line(row)
	}
	p.block(b.String())
}

// image shows a chart at the width that it was drawn for.
func (p *page) image(c chart) {
	if c.draw == nil {
		return
	}
	p.block(fmt.Sprintf(`<img src="%s" width="%d" alt="%s">`, c.file, chartWidth, c.alt))
}
