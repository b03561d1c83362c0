package httpapi

import (
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
)

func TestForgedPushesAreLoggedOnceAMinuteAndCounted(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(time.UnixMilli(1))
	r := newRefusals(clk)
	if say, _ := r.note("office", "callback.signature_invalid"); !say {
		t.Fatal("the first must be said")
	}
	for range 500 {
		if say, _ := r.note("office", "callback.signature_invalid"); say {
			t.Fatal("one a minute is enough")
		}
	}
	if say, _ := r.note("office", "callback.owner_unknown"); !say {
		t.Fatal("another reason is another matter")
	}
	clk.Advance(time.Minute)
	if say, unsaid := r.note("office", "callback.signature_invalid"); !say || unsaid != 500 {
		t.Fatalf("a minute later: %v, %d", say, unsaid)
	}
}
