package feed_test

import (
	"context"
	"sync"
	"testing"

	"github.com/posthouse/posthouse/internal/feed"
)

// BenchmarkHandOut gives one entry to ten thousand subscribers who take it as soon as it is there.
func BenchmarkHandOut(b *testing.B) {
	const many = 10_000
	h := newHouse(b, 0, 0)
	var arrived sync.WaitGroup
	for range many {
		var items <-chan int64
		ctx, _ := feed.WithBell(context.WithoutCancel(b.Context()), func() {
			<-items
			arrived.Done()
		})
		var err error
		items, err = feed.Subscribe(ctx, h.feed, nil, nil, func(i feed.Item[int64]) int64 { return i.Value })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		arrived.Add(many)
		h.write(b, 1)
		arrived.Wait()
	}
}
