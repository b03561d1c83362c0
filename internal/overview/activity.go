package overview

import (
	"context"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/errs"
)

// Grain is the finest time that is told apart. Every time zone's midnight and full hour is a multiple of
// it.
const Grain = 15 * time.Minute

// MaxBuckets is how many buckets one question may ask for.
const MaxBuckets = 400

// Counts are how often what happened.
type Counts struct {
	// Events stored; deliveries Sent and Failed, expired ones among the latter; sessions begun.
	Events, Sent, Failed, SignIns int
}

// Bucket is what happened within one stretch of time.
type Bucket struct {
	At time.Time
	Counts
}

// Store keeps the counts.
type Store interface {
	// Counts sums up what happened from one time until another, both multiples of Grain, in steps that
	// are multiples of it too. The key is the number of the step, from zero; steps in which nothing
	// happened are absent.
	Counts(ctx context.Context, from, to time.Time, step time.Duration) (map[int]Counts, error)
}

// ErrRangeInvalid: INVALID, overview.range_invalid.
var ErrRangeInvalid = errs.New(errs.Invalid, "overview.range_invalid", "`to` must lie after `from`, at most 400 buckets later.")

// The years that are looked at. Nothing happened before, and later times cannot be counted in
// milliseconds everywhere.
const firstYear, lastYear = 1970, 9000

// Activity gives what happened from from, rounded down to a Grain, until to, in buckets of step (an hour or
// a day) without gaps. The last bucket is whole, so it may reach beyond to. Reasons: session.missing,
// authz.forbidden, overview.range_invalid.
func (s *Service) Activity(ctx context.Context, actor authz.Actor, from, to time.Time, step time.Duration) ([]Bucket, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	if from.Year() < firstYear || to.Year() > lastYear || !from.Before(to) {
		return nil, ErrRangeInvalid
	}
	from = from.UTC().Truncate(Grain)
	length := to.Sub(from)
	if length > MaxBuckets*step {
		return nil, ErrRangeInvalid
	}
	n := int((length + step - 1) / step)
	counts, err := s.Store.Counts(ctx, from, from.Add(time.Duration(n)*step), step)
	if err != nil {
		return nil, errs.Wrap(err, "count what happened")
	}
	buckets := make([]Bucket, n)
	for i := range buckets {
		buckets[i] = Bucket{At: from.Add(time.Duration(i) * step), Counts: counts[i]}
	}
	return buckets, nil
}
