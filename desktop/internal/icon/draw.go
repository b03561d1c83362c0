package main

import (
	"image"
	"image/color"
	"math"
)

// point is in the units of the drawing, which is 32 by 32.
type point struct{ x, y float64 }

// stroke is a line with round ends and joins.
type stroke struct {
	width  float64
	points []point
}

// A gate: the roof, two posts on a sill, and a lantern that hangs between them.
var (
	ground  = color.NRGBA{0xb3, 0x40, 0x2d, 0xff}
	strokes = []stroke{
		{2.6, []point{{6, 13.2}, {16, 7}, {26, 13.2}}},
		{2.6, []point{{9.4, 14.6}, {9.4, 24}}},
		{2.6, []point{{22.6, 14.6}, {22.6, 24}}},
		{2.6, []point{{6.6, 24.4}, {25.4, 24.4}}},
		{1.6, []point{{16, 9}, {16, 15}}},
		{5.2, []point{{16, 18.2}, {16, 18.8}}},
	}
)

const (
	side   = 32.0
	radius = 7.0
)

// draw makes the icon with its edges smoothed: how much of a pixel is covered follows from how far its
// middle is from the edge.
func draw(size int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, size, size))
	pixel := side / float64(size)
	for py := range size {
		for px := range size {
			at := point{(float64(px) + 0.5) * pixel, (float64(py) + 0.5) * pixel}
			white := 0.0
			for _, s := range strokes {
				white = math.Max(white, coverage(s.distance(at)-s.width/2, pixel))
			}
			out.SetNRGBA(px, py, mixed(white, coverage(plate(at), pixel)))
		}
	}
	return out
}

// coverage turns a distance from an edge (negative inside) into the part of a pixel that is inside.
func coverage(distance, pixel float64) float64 {
	return math.Min(math.Max(0.5-distance/pixel, 0), 1)
}

// plate is the distance from the edge of the rounded square.
func plate(p point) float64 {
	x, y := math.Abs(p.x-side/2)-(side/2-radius), math.Abs(p.y-side/2)-(side/2-radius)
	return math.Hypot(math.Max(x, 0), math.Max(y, 0)) + math.Min(math.Max(x, y), 0) - radius
}

func (s stroke) distance(p point) float64 {
	nearest := math.Inf(1)
	for i := 1; i < len(s.points); i++ {
		nearest = math.Min(nearest, toSegment(p, s.points[i-1], s.points[i]))
	}
	return nearest
}

func toSegment(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	along := ((p.x-a.x)*dx + (p.y-a.y)*dy) / (dx*dx + dy*dy)
	along = math.Min(math.Max(along, 0), 1)
	return math.Hypot(p.x-a.x-along*dx, p.y-a.y-along*dy)
}

func mixed(white, alpha float64) color.NRGBA {
	channel := func(c uint8) uint8 { return uint8(math.Round(float64(c) + (255-float64(c))*white)) }
	return color.NRGBA{channel(ground.R), channel(ground.G), channel(ground.B), uint8(math.Round(255 * alpha))}
}
