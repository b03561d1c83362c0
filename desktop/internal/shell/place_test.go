package shell_test

import (
	"testing"

	"github.com/posthouse/posthouse/desktop/internal/shell"
)

func place(x, y, w, h int) shell.Place {
	return shell.Place{Rect: shell.Rect{X: x, Y: y, Width: w, Height: h}}
}

func TestFit(t *testing.T) {
	t.Parallel()
	main := shell.Rect{X: 0, Y: 30, Width: 1920, Height: 1050}
	right := shell.Rect{X: 1920, Y: 0, Width: 2560, Height: 1440}
	left := shell.Rect{X: -1280, Y: 0, Width: 1280, Height: 1024}
	small := shell.Rect{X: 0, Y: 0, Width: 800, Height: 600}
	for name, c := range map[string]struct {
		was     shell.Place
		screens []shell.Rect
		want    shell.Place
	}{
		"the same place":              {place(100, 100, 1200, 800), []shell.Rect{main}, place(100, 100, 1200, 800)},
		"the first start":             {shell.Place{}, []shell.Rect{main}, place(320, 145, 1280, 820)},
		"the first start, small":      {shell.Place{}, []shell.Rect{small}, place(0, 0, 800, 600)},
		"the second screen":           {place(2000, 50, 1200, 800), []shell.Rect{main, right}, place(2000, 50, 1200, 800)},
		"a screen to the left":        {place(-1200, 50, 1000, 800), []shell.Rect{main, left}, place(-1200, 50, 1000, 800)},
		"the second screen is gone":   {place(2000, 50, 1200, 800), []shell.Rect{main}, place(360, 155, 1200, 800)},
		"the screen has shrunk":       {place(100, 100, 1800, 1000), []shell.Rect{small}, place(0, 0, 800, 600)},
		"over the right edge":         {place(1500, 100, 1200, 800), []shell.Rect{main}, place(720, 100, 1200, 800)},
		"under the panel":             {place(100, 10, 1200, 800), []shell.Rect{main}, place(100, 30, 1200, 800)},
		"title far above":             {place(100, -500, 1200, 800), []shell.Rect{main}, place(360, 155, 1200, 800)},
		"a corner only":               {place(1900, 1000, 1200, 800), []shell.Rect{main}, place(360, 155, 1200, 800)},
		"too small to use":            {place(100, 100, 10, 10), []shell.Rect{main}, place(100, 100, 480, 420)},
		"nonsense":                    {place(1<<40, -1<<40, 1<<40, 1<<40), []shell.Rect{main}, place(0, 30, 1920, 1050)},
		"no screens known":            {place(100, 100, 1200, 800), nil, place(100, 100, 1200, 800)},
		"no screens, the first start": {shell.Place{}, nil, place(0, 0, 1280, 820)},
	} {
		if got := shell.Fit(c.was, c.screens); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	kept := shell.Place{Rect: shell.Rect{X: 10, Y: 40, Width: 900, Height: 700}, Maximised: true}
	if got := shell.Fit(kept, []shell.Rect{main}); got != kept {
		t.Errorf("a maximised window: %+v", got)
	}
}
