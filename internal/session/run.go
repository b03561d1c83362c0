package session

import (
	"context"
	"time"
)

// sweepEvery is how often ended sessions are looked for, keepEnded how long they are kept for those
// who look into the past.
const (
	sweepEvery = time.Hour
	keepEnded  = 7 * 24 * time.Hour
	sweepBatch = 500
)

// finalFlush bounds the last writing of uses when the server stops.
const finalFlush = 5 * time.Second

// Run writes uses down every minute, learns of endings that the bus may have lost, and sweeps every
// hour, until ctx ends; then it writes once more. Failures are logged and tried again.
func (s *Service) Run(ctx context.Context) error {
	nextSweep := s.Clock.Now().Add(sweepEvery)
	for {
		timer := s.Clock.NewTimer(flushEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalFlush)
			defer cancel()
			return s.flush(last)
		case <-timer.C():
		}
		s.logFailure("write session use", s.flush(ctx))
		// Twice the interval, so that a transaction that committed late is not missed.
		s.logFailure("learn of ended sessions", s.learnEnded(ctx, s.Clock.Now().Add(-2*flushEvery)))
		if now := s.Clock.Now(); !now.Before(nextSweep) {
			nextSweep = now.Add(sweepEvery)
			s.logFailure("sweep sessions", s.Sweep(ctx))
		}
	}
}

// Sweep deletes sessions and refresh tokens that ended a week ago or earlier, in small steps.
func (s *Service) Sweep(ctx context.Context) error {
	before := s.now().Add(-keepEnded)
	for {
		n, err := s.Store.DeleteExpired(ctx, before, sweepBatch)
		if err != nil || n < sweepBatch {
			return err
		}
	}
}

func (s *Service) learnEnded(ctx context.Context, since time.Time) error {
	ended, err := s.Store.EndedSince(ctx, since)
	for _, session := range ended {
		s.noteEnded(session)
	}
	return err
}

func (s *Service) logFailure(doing string, err error) {
	if err != nil {
		s.Logger.Error("session upkeep failed", "doing", doing, "error", err)
	}
}
