package shell

// Rect is a rectangle in the coordinates of the desktop, in the unit of the window system.
type Rect struct {
	X      int `json:"x"`
	Y      int `json:"y"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Place is where a window is.
type Place struct {
	Rect
	// Maximised windows keep the rectangle they had before.
	Maximised bool `json:"maximised,omitempty"`
}

// Sizes of the window: to begin with, and the least.
const (
	DefaultWidth  = 1280
	DefaultHeight = 820
	MinWidth      = 480
	MinHeight     = 420
)

const (
	// graspWidth and graspHeight are how much of a window's upper edge must be visible to get hold of it.
	graspWidth, graspHeight = 120, 40
)

// Fit gives where a window goes that was last at p, on the screens there are now (their work areas, the
// main one first): no larger than its screen, and all of it visible. A window that was on a screen which
// is gone, or that never was anywhere, goes to the middle of the main one. Without screens p stays.
func Fit(p Place, screens []Rect) Place {
	if p.Width <= 0 || p.Height <= 0 {
		p.Width, p.Height = DefaultWidth, DefaultHeight
		p.X, p.Y = -1<<30, -1<<30 // nowhere
	}
	p.Width, p.Height = max(p.Width, MinWidth), max(p.Height, MinHeight)
	if len(screens) == 0 {
		if p.X == -1<<30 {
			p.X, p.Y = 0, 0
		}
		return p
	}
	screen, visible := home(p.Rect, screens)
	p.Width, p.Height = min(p.Width, screen.Width), min(p.Height, screen.Height)
	if !visible {
		p.X, p.Y = screen.X+(screen.Width-p.Width)/2, screen.Y+(screen.Height-p.Height)/2
		return p
	}
	p.X = min(max(p.X, screen.X), screen.X+screen.Width-p.Width)
	p.Y = min(max(p.Y, screen.Y), screen.Y+screen.Height-p.Height)
	return p
}

// home finds the screen that shows most of the window, and whether enough of its upper edge to count.
func home(w Rect, screens []Rect) (Rect, bool) {
	best, most := screens[0], 0
	for _, s := range screens {
		if area := overlap(w.X, w.Width, s.X, s.Width) * overlap(w.Y, w.Height, s.Y, s.Height); area > most {
			best, most = s, area
		}
	}
	grasp := overlap(w.X, w.Width, best.X, best.Width) >= graspWidth && overlap(w.Y, graspHeight, best.Y, best.Height) >= graspHeight/2
	return best, most > 0 && grasp
}

func overlap(a, aLength, b, bLength int) int {
	return max(0, min(a+aLength, b+bLength)-max(a, b))
}
