package feed_test

import (
	"context"
	"testing"

	"github.com/posthouse/posthouse/internal/feed"
)

// bells counts rings on a channel with room for all of a test.
func bells(t *testing.T) (context.Context, *feed.Bell, chan struct{}, context.CancelFunc) {
	t.Helper()
	rings := make(chan struct{}, 64)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ctx, bell := feed.WithBell(ctx, func() { rings <- struct{}{} })
	return ctx, bell, rings, cancel
}

func TestABellRingsForEachItemAndForTheEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3, 0)
	ctx, bell, rings, cancel := bells(t)
	items, err := feed.Subscribe(ctx, h.feed, &feed.Cursor{Epoch: "e1", Position: 1}, nil, func(i feed.Item[int64]) int64 { return i.Value })
	if err != nil {
		t.Fatal(err)
	}
	if !bell.Taken() {
		t.Fatal("the feed has not taken the bell")
	}
	<-rings
	<-rings
	h.write(t, 2)
	<-rings
	<-rings
	for want := int64(2); want <= 5; want++ {
		select {
		case got := <-items:
			if got != want {
				t.Fatalf("got %d, want %d", got, want)
			}
		default:
			t.Fatalf("the bell rang for %d before it was there", want)
		}
	}
	cancel()
	<-rings
	select {
	case _, more := <-items:
		if more {
			t.Fatal("an item after the last")
		}
	default:
		t.Fatal("the bell rang before the channel was closed")
	}
	if len(rings) > 0 {
		t.Fatalf("%d rings too many", len(rings))
	}
}

func TestOnlyOneSubscriptionTakesABell(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 0, 0)
	ctx, _, rings, _ := bells(t)
	convert := func(i feed.Item[int64]) int64 { return i.Value }
	if _, err := feed.Subscribe(ctx, h.feed, nil, nil, convert); err != nil {
		t.Fatal(err)
	}
	second, err := feed.Subscribe(ctx, h.feed, nil, nil, convert)
	if err != nil {
		t.Fatal(err)
	}
	h.write(t, 1)
	<-rings
	<-second
	if len(rings) > 0 {
		t.Fatal("both rang")
	}
}

func TestABellThatNobodyTookSaysSo(t *testing.T) {
	t.Parallel()
	if _, bell := feed.WithBell(context.Background(), func() {}); bell.Taken() {
		t.Fatal("taken by nobody")
	}
}
