package loader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// doubles reads keys below 100 as twice themselves, and keeps what it was asked.
type doubles struct {
	mu    sync.Mutex
	asked [][]int
	fail  error
}

func (d *doubles) read(_ context.Context, keys []int) (map[int]int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, slices.Clone(keys))
	out := map[int]int{}
	for _, k := range keys {
		if k < 100 {
			out[k] = 2 * k
		}
	}
	return out, d.fail
}

func TestAnnouncedKeysAreReadAtOnceAndOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	d := &doubles{}
	l := &Loader[int, int]{read: d.read}
	l.Expect([]int{1, 2, 1, 3, 100})
	l.Expect([]int{3, 4}) // 3 stays with the first
	if len(d.asked) != 0 {
		t.Fatalf("read %v before anybody asked", d.asked)
	}
	var fields sync.WaitGroup
	for _, k := range []int{1, 2, 3, 1, 2, 100} {
		fields.Go(func() {
			v, ok, err := l.Load(t.Context(), k)
			if err != nil || ok != (k < 100) || ok && v != 2*k {
				t.Errorf("%d gave %d, %v, %v", k, v, ok, err)
			}
		})
	}
	fields.Wait()
	if v, ok, err := l.Load(t.Context(), 4); v != 8 || !ok || err != nil {
		t.Errorf("4 gave %d, %v, %v", v, ok, err)
	}
	if fmt.Sprint(d.asked) != "[[1 2 3 100] [4]]" {
		t.Fatalf("asked for %v", d.asked)
	}
}

func TestKeysThatNobodyAnnouncedAreReadAnewEachTime(t *testing.T) {
	t.Parallel()
	d := &doubles{}
	l := &Loader[int, int]{read: d.read}
	for range 2 {
		if v, ok, err := l.Load(t.Context(), 5); v != 10 || !ok || err != nil {
			t.Fatalf("got %d, %v, %v", v, ok, err)
		}
	}
	if fmt.Sprint(d.asked) != "[[5] [5]]" {
		t.Fatalf("asked for %v", d.asked)
	}
}

func TestAFailureIsEverybodys(t *testing.T) {
	t.Parallel()
	d := &doubles{fail: errors.New("no database")}
	l := &Loader[int, int]{read: d.read}
	l.Expect([]int{1, 2})
	for _, k := range []int{1, 2} {
		if _, ok, err := l.Load(t.Context(), k); ok || !errors.Is(err, d.fail) {
			t.Errorf("%d gave %v, %v", k, ok, err)
		}
	}
	if len(d.asked) != 1 {
		t.Errorf("asked %d times", len(d.asked))
	}
}

func TestAPanicInOneFieldIsAnErrorToTheOthers(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	l := &Loader[int, int]{read: func(context.Context, []int) (map[int]int, error) {
		calls.Add(1)
		panic("in the store")
	}}
	l.Expect([]int{1, 2})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the field that read did not panic")
			}
		}()
		_, _, _ = l.Load(t.Context(), 1)
	}()
	if _, ok, err := l.Load(t.Context(), 2); ok || !errors.Is(err, errPanicked) || calls.Load() != 1 {
		t.Errorf("got %v, %v after %d calls", ok, err, calls.Load())
	}
}
