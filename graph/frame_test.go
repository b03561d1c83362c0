package graph

import (
	"bytes"
	"strings"
	"testing"
)

func TestFramesAreThoseOfWebSocket(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		length int
		header []byte
	}{
		"empty":               {0, []byte{0x81, 0}},
		"longest short one":   {125, []byte{0x81, 125}},
		"shortest middle one": {126, []byte{0x81, 126, 0, 126}},
		"longest middle one":  {65535, []byte{0x81, 126, 0xff, 0xff}},
		"shortest long one":   {65536, []byte{0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Repeat("x", c.length)
			got := framed(append(make([]byte, frameRoom), text...))
			if !bytes.HasPrefix(got, c.header) || string(got[len(c.header):]) != text {
				t.Fatalf("%d bytes begin with % x, want % x", c.length, got[:min(len(got), frameRoom)], c.header)
			}
		})
	}
}
