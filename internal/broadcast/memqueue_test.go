package broadcast_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/feed"
	"github.com/posthouse/posthouse/internal/id"
)

func (m *memStore) sending(r id.Robot) bool {
	return slices.ContainsFunc(m.waiting(r), func(d broadcast.Delivery) bool { return d.Status == broadcast.Sending })
}

func (m *memStore) DueRobots(ctx context.Context, now time.Time, limit int) ([]id.Robot, time.Time, error) {
	if err := m.enter(ctx, "DueRobots"); err != nil {
		return nil, time.Time{}, err
	}
	defer m.mu.Unlock()
	urgency := map[id.Robot]broadcast.Priority{}
	var next time.Time
	sooner := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for r := range m.open {
		sending := m.sending(r)
		for _, d := range m.waiting(r) {
			switch p, there := urgency[r]; {
			case d.Status != broadcast.Queued:
			case d.NextAttemptAt.After(now):
				sooner(d.NextAttemptAt)
			case m.blocked[r].After(now):
				sooner(m.blocked[r])
			case !sending && (!there || d.Priority < p):
				urgency[r] = d.Priority
			}
		}
	}
	due := slices.SortedFunc(maps.Keys(urgency), func(a, b id.Robot) int {
		return cmp.Or(cmp.Compare(urgency[a], urgency[b]), cmp.Compare(a, b))
	})
	return due[:min(limit, len(due))], next, nil
}

func (m *memStore) Load(ctx context.Context, r id.Robot, since time.Time) (int, time.Time, error) {
	if err := m.enter(ctx, "Load"); err != nil {
		return 0, time.Time{}, err
	}
	defer m.mu.Unlock()
	count, earliest := m.load(r, since)
	return count, earliest, nil
}

func (m *memStore) load(r id.Robot, since time.Time) (count int, earliest time.Time) {
	for _, a := range m.attempts[r] {
		open := a.Outcome == broadcast.Pending
		if !open && !a.EndedAt.After(since) {
			continue
		}
		count++
		if !open && (earliest.IsZero() || a.EndedAt.Before(earliest)) {
			earliest = a.EndedAt
		}
	}
	return count, earliest
}

func (m *memStore) Claim(ctx context.Context, r broadcast.ClaimRequest) (broadcast.Claim, bool, error) {
	if err := m.enter(ctx, "Claim"); err != nil {
		return broadcast.Claim{}, false, err
	}
	defer m.mu.Unlock()
	var best *broadcast.Delivery
	for _, d := range m.waiting(r.Robot) {
		if d.Status != broadcast.Queued {
			continue
		}
		if !d.ExpiresAt.IsZero() && !d.ExpiresAt.After(r.Now) {
			m.finish(d, broadcast.Expired, r.Now)
			continue
		}
		if !d.NextAttemptAt.After(r.Now) && (best == nil || goesBefore(d, *best)) {
			best = &d
		}
	}
	spent, _ := m.load(r.Robot, r.Since)
	if best == nil || m.sending(r.Robot) || m.blocked[r.Robot].After(r.Now) || spent >= r.Max {
		return broadcast.Claim{}, false, nil
	}
	best.Status = broadcast.Sending
	best.Attempts++
	m.put(*best)
	m.leases[best.ID] = r.LeaseUntil
	a := &broadcast.Attempt{
		ID: r.Attempt, Delivery: best.ID, Robot: r.Robot, StartedAt: ms(r.Now), Outcome: broadcast.Pending,
	}
	m.attempts[r.Robot] = append(m.attempts[r.Robot], a)
	m.byAttempt[a.ID] = a
	return broadcast.Claim{Delivery: *best}, true, nil
}

func goesBefore(a, b broadcast.Delivery) bool {
	return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.NextAttemptAt.Compare(b.NextAttemptAt), cmp.Compare(a.ID, b.ID)) < 0
}

// finish brings a delivery to its end.
func (m *memStore) finish(d broadcast.Delivery, s broadcast.Status, at time.Time) {
	d.Status, d.FinishedAt, d.SealedNotice = s, ms(at), ""
	m.put(d)
	m.ends[d.ID]++
	m.announce(d, ms(at))
}

func (m *memStore) Complete(ctx context.Context, c broadcast.Completion) error {
	if err := m.enter(ctx, "Complete"); err != nil {
		return err
	}
	defer m.mu.Unlock()
	a, ok := m.byAttempt[c.Attempt.ID]
	if !ok || a.Outcome != broadcast.Pending {
		return nil
	}
	*a = c.Attempt
	a.EndedAt = ms(c.Attempt.EndedAt)
	if until := ms(c.RobotBlockedUntil); until.After(m.blocked[c.Attempt.Robot]) {
		m.blocked[c.Attempt.Robot] = until
	}
	d := m.deliveries[c.Attempt.Delivery]
	if c.Status.Final() {
		m.finish(d, c.Status, c.Attempt.EndedAt)
		return nil
	}
	d.Status, d.NextAttemptAt = c.Status, ms(c.NextAttemptAt)
	m.put(d)
	return nil
}

func (m *memStore) Recover(ctx context.Context, now time.Time, all bool) (int, error) {
	if err := m.enter(ctx, "Recover"); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	n := 0
	for r := range m.open {
		for _, d := range m.waiting(r) {
			if d.Status != broadcast.Sending || !all && !m.leases[d.ID].Before(now) {
				continue
			}
			n++
			d.Status, d.NextAttemptAt = broadcast.Queued, ms(now)
			m.put(d)
			for _, a := range m.attempts[r] {
				if a.Delivery == d.ID && a.Outcome == broadcast.Pending {
					a.Outcome, a.EndedAt = broadcast.Unknown, ms(now)
				}
			}
		}
	}
	return n, nil
}

func (m *memStore) DeleteUpdatesBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := m.enter(ctx, "DeleteUpdatesBefore"); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	n := 0
	for n < limit && n < len(m.updates) && m.updates[n].Value.At.Before(before) {
		n++
	}
	m.updates = m.updates[n:]
	return n, nil
}

func (m *memStore) DeleteNoticesBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := m.enter(ctx, "DeleteNoticesBefore"); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	n := 0
	for k, d := range m.deliveries {
		if n < limit && d.Broadcast == "" && d.Status.Final() && d.CreatedAt.Before(before) {
			delete(m.deliveries, k)
			m.attempts[d.Robot] = slices.DeleteFunc(m.attempts[d.Robot], func(a *broadcast.Attempt) bool { return a.Delivery == k })
			n++
		}
	}
	return n, nil
}

func (m *memStore) After(_ context.Context, after int64, limit int) ([]feed.Entry[broadcast.Update], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []feed.Entry[broadcast.Update]
	for _, e := range m.updates {
		if e.Position > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (m *memStore) Bounds(context.Context) (feed.Bounds, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return feed.Bounds{Oldest: m.positions - int64(len(m.updates)) + 1, Newest: m.positions, Epoch: "mem"}, nil
}
