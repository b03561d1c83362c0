package broadcast

import (
	"context"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
)

// State is how far a broadcast has come, all its deliveries together.
type State string

// The states.
const (
	// Scheduled: its time has not come.
	Scheduled State = "SCHEDULED"
	// InProgress: at least one delivery is still on its way.
	InProgress State = "PENDING"
	// AllSent: every robot said it.
	AllSent State = "SENT"
	// Partial: everything has ended, and some robots said it.
	Partial State = "PARTIAL"
	// AllFailed: everything has ended, and no robot said it.
	AllFailed State = "FAILED"
)

// State gives the state of those of the broadcasts that exist.
func (s *Service) State(ctx context.Context, broadcasts []id.Broadcast) (map[id.Broadcast]State, error) {
	rows, err := s.store.GetMany(ctx, broadcasts)
	if err != nil {
		return nil, errs.Wrap(err, "read broadcasts for their state")
	}
	counts, err := s.store.Statuses(ctx, broadcasts)
	if err != nil {
		return nil, errs.Wrap(err, "count deliveries by status")
	}
	now := s.now()
	states := make(map[id.Broadcast]State, len(rows))
	for _, b := range rows {
		states[b.ID] = stateOf(counts[b.ID], b.SendAt.After(now))
	}
	return states, nil
}

// stateOf sums up deliveries by status. Ahead says that the time of sending lies in the future.
func stateOf(counts map[Status]int, ahead bool) State {
	total := 0
	for _, n := range counts {
		total += n
	}
	open := counts[Queued] + counts[Sending]
	switch {
	case ahead && counts[Queued] == total:
		return Scheduled
	case open > 0:
		return InProgress
	case counts[Sent] == total:
		return AllSent
	case counts[Sent] > 0:
		return Partial
	default:
		return AllFailed
	}
}
