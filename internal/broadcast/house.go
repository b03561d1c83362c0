package broadcast

import (
	"context"
	"time"
)

const (
	sweepEvery = time.Hour
	// sweepBatch rows go in one commit, so that sweeping never holds up sending for long.
	sweepBatch = 500
)

// keepHouse drops what is older than its retention and takes deliveries from processes that have died,
// until ctx ends.
func (s *Service) keepHouse(ctx context.Context) {
	sweepAt := s.now()
	for ctx.Err() == nil {
		if !s.now().Before(sweepAt) {
			s.Sweep(ctx)
			sweepAt = s.now().Add(sweepEvery)
		}
		s.repair(ctx)
		s.rest(ctx, min(s.lease/2, sweepAt.Sub(s.now())))
	}
}

// rest waits until ctx ends or the time is over.
func (s *Service) rest(ctx context.Context, d time.Duration) {
	timer := s.clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
	case <-ctx.Done():
	}
}

// repair queues deliveries whose lease has ended.
func (s *Service) repair(ctx context.Context) {
	if ctx.Err() != nil || s.unrecorded.Load() > 0 {
		// A lease of our own may have ended while the store refused to take the outcome. It is known,
		// and shall not be repeated.
		return
	}
	repaired, err := s.store.Recover(context.WithoutCancel(ctx), s.now(), false)
	if err != nil {
		s.log.ErrorContext(ctx, "recovery failed", "error", err)
		return
	}
	if repaired > 0 {
		s.log.WarnContext(ctx, "deliveries of a process that died are queued again", "count", repaired)
		s.wake()
	}
}

// Sweep drops feed entries and ended notices that are older than their retention. Failures are logged
// and left to the next time.
func (s *Service) Sweep(ctx context.Context) {
	now := s.now()
	s.sweep(ctx, "feed entries", now.Add(-s.keepUpdates), s.store.DeleteUpdatesBefore)
	s.sweep(ctx, "notices", now.Add(-s.keepNotices), s.store.DeleteNoticesBefore)
}

func (s *Service) sweep(ctx context.Context, what string, before time.Time, drop func(context.Context, time.Time, int) (int, error)) {
	for ctx.Err() == nil {
		n, err := drop(context.WithoutCancel(ctx), before, sweepBatch)
		if err != nil {
			s.log.ErrorContext(ctx, "sweep failed", "what", what, "error", err)
			return
		}
		if n < sweepBatch {
			return
		}
	}
}
