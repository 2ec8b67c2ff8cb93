package report

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// chart is a row of panels with the same axes. Its SVG has no scripts, and colours for light and for dark pages.
type chart struct {
	title, subtitle string
	x, y            axis
	series          []string // names, in the order of the colours
	panels          []panel
}

// panel is one plot.
type panel struct {
	title string
	lines []polyline
	// goals are marked by a diamond in the colour of their series.
	goals []mark
}

type polyline struct {
	series int
	points []point
}

type mark struct {
	series int
	at     point
	label  string
}

type point struct{ x, y float64 }

// axis maps values to 0…1 and names some of them.
type axis struct {
	label    string
	ticks    []tick
	scale    func(float64) float64 // of a value, any monotonous function
	from, to float64               // values at the ends
}

type tick struct {
	value float64
	label string
}

func (a axis) at(value float64) float64 {
	low, high := a.scale(a.from), a.scale(a.to)
	return (a.scale(value) - low) / (high - low)
}

// The picture's measures, in pixels at its natural size.
const (
	plotWidth   = 330.0
	plotHeight  = 230.0
	marginLeft  = 58.0
	marginTop   = 84.0
	marginRight = 36.0
	underPlot   = 62.0
	legendLine  = 18.0
	diamond     = 5.0
)

// Colours that differ in brightness too, and dashes for those who see none.
const style = `
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #3b4252 }
  .title { font-size: 15px; font-weight: 600; fill: #1c212b }
  .panel { font-weight: 600; fill: #1c212b }
  .grid { stroke: #d9dde5; stroke-width: 1 }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round }
  .s0 { stroke: #7a8494 } .s1 { stroke: #0b6bb8 } .s2 { stroke: #c4500c } .s3 { stroke: #11845b }
  .s0 { stroke-dasharray: 2 3 } .s2 { stroke-dasharray: 7 3 } .s3 { stroke-dasharray: 10 3 2 3 }
  .mark { fill: none; stroke-width: 1.6; stroke-dasharray: none }
  .dot { stroke-dasharray: none; stroke-width: 4; stroke-linecap: round }
  .back { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #b6bdc9 } .title, .panel { fill: #eceff4 } .grid { stroke: #39404d } .back { fill: #0f141b }
    .s0 { stroke: #8d97a8 } .s1 { stroke: #5eb1f2 } .s2 { stroke: #f39a5b } .s3 { stroke: #46cf9b }
  }
`

// svg draws the chart.
func (c chart) svg() string {
	var b strings.Builder
	panelWidth := marginLeft + plotWidth + marginRight
	width := panelWidth * float64(len(c.panels))
	height := marginTop + plotHeight + underPlot + legendLine*math.Ceil(float64(len(c.series))/2)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s</style>\n", html.EscapeString(c.title), style)
	fmt.Fprintf(&b, `<rect class="back" width="%.0f" height="%.0f" rx="6"/>`+"\n", width, height)
	text(&b, "title", "start", marginLeft, 26, c.title)
	text(&b, "", "start", marginLeft, 46, c.subtitle)
	for i, p := range c.panels {
		c.panel(&b, p, float64(i)*panelWidth+marginLeft)
	}
	for i, name := range c.series {
		x := marginLeft + float64(i%2)*width/2
		y := marginTop + plotHeight + underPlot + legendLine*float64(i/2)
		fmt.Fprintf(&b, `<path class="line s%d" d="M%.1f %.1fh28"/>`+"\n", i, x, y-4)
		text(&b, "", "start", x+36, y, name)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// panel draws a plot whose left edge is at left.
func (c chart) panel(b *strings.Builder, p panel, left float64) {
	bottom := marginTop + plotHeight
	place := func(q point) (x, y float64) {
		return left + c.x.at(q.x)*plotWidth, bottom - c.y.at(q.y)*plotHeight
	}
	text(b, "panel", "start", left, marginTop-12, p.title)
	for _, t := range c.y.ticks {
		_, y := place(point{c.x.from, t.value})
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %.1fh%.0f"/>`+"\n", left, y, plotWidth)
		text(b, "", "end", left-8, y+4, t.label)
	}
	for _, t := range c.x.ticks {
		x, _ := place(point{t.value, c.y.from})
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %.1fv%.0f"/>`+"\n", x, marginTop, plotHeight)
		text(b, "", "middle", x, bottom+18, t.label)
	}
	text(b, "", "middle", left+plotWidth/2, bottom+35, c.x.label)
	for _, line := range p.lines {
		var path, dots strings.Builder
		for i, q := range line.points {
			x, y := place(q)
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], x, y)
			fmt.Fprintf(&dots, "M%.1f %.1fh0", x, y)
		}
		fmt.Fprintf(b, `<path class="line s%d" d="%s"/><path class="dot s%d" d="%s"/>`+"\n", line.series, path.String(), line.series, dots.String())
	}
	for _, g := range p.goals {
		x, y := place(g.at)
		fmt.Fprintf(b, `<path class="mark s%d" d="M%.1f %.1fl%.0f %.0fl%.0f %.0fl%.0f %.0fz"><title>%s</title></path>`+"\n",
			g.series, x-diamond, y, diamond, -diamond, diamond, diamond, -diamond, diamond, html.EscapeString(g.label))
	}
}

func text(b *strings.Builder, class, anchor string, x, y float64, words string) {
	fmt.Fprintf(b, `<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, anchor, x, y, html.EscapeString(words))
}

// decades is a logarithmic axis of milliseconds that holds all values.
func decades(label string, values []float64) axis {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, math.Floor(math.Log10(v))), max(high, math.Ceil(math.Log10(v)))
	}
	if low >= high { // nothing, or a single power of ten
		low, high = -1, 3
	}
	a := axis{label: label, scale: math.Log10, from: math.Pow(10, low), to: math.Pow(10, high)}
	for e := low; e <= high; e++ {
		ms := math.Pow(10, e)
		name := fmt.Sprintf("%g ms", ms)
		switch {
		case ms >= 1000:
			name = fmt.Sprintf("%g s", ms/1000)
		case ms < 1:
			name = fmt.Sprintf("%.0f µs", ms*1000)
		}
		a.ticks = append(a.ticks, tick{ms, name})
	}
	return a
}
