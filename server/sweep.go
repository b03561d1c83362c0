package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
)

const (
	sweepEvery = time.Hour
	sweepBatch = 1000
)

// sweeper drops counters whose window has ended; everything else sweeps for itself.
type sweeper struct {
	clock  clock.Clock
	log    *slog.Logger
	limits interface {
		DeleteExpired(ctx context.Context, before time.Time, limit int) (int, error)
	}
}

func (s sweeper) run(ctx context.Context) error {
	for {
		gone, err := s.limits.DeleteExpired(ctx, s.clock.Now(), sweepBatch)
		if err != nil && ctx.Err() == nil {
			s.log.Error("cannot drop ended limits", "error", err)
		}
		if gone == sweepBatch {
			continue
		}
		timer := s.clock.NewTimer(sweepEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
	}
}
