package session

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/cache"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
)

// TopicChanged is the bus topic that names, as its message, an account whose list of sessions has
// changed otherwise than by an ending.
const TopicChanged = "session.changed"

// listMemo is how long the beginning of an account's list is remembered: the longest that it may lack a
// session begun in another process if the bus lost the message.
const listMemo = 10 * time.Second

// ListLive pages the living sessions of an account, newest first: for itself or an administrator.
// LastSeenAt is up to date for what this process has seen, and to the minute for the rest. The first
// page comes from memory where possible: apps ask for it with every viewer. Reasons: session.missing,
// authz.forbidden.
func (s *Service) ListLive(ctx context.Context, actor authz.Actor, owner id.Account, p page.Request) (page.Of[Session], error) {
	if err := mayManage(actor, owner); err != nil {
		return page.Of[Session]{}, err
	}
	if p.After == "" {
		if known, ok := s.lists.get(owner, p.First); ok && !slices.ContainsFunc(known.Items, s.isOver) {
			known.Items = slices.Clone(known.Items)
			s.refreshed(known.Items)
			return known, nil
		}
	}
	before := s.lists.epoch.Load()
	rows, err := s.Store.ListLive(ctx, owner, s.now(), p)
	if err != nil {
		return page.Of[Session]{}, err
	}
	for i := range rows.Items {
		rows.Items[i].SkeyHash, rows.Items[i].SealedSessionKey = "", ""
	}
	if p.After == "" {
		s.lists.keep(owner, p.First, rows, before)
		rows.Items = slices.Clone(rows.Items)
	}
	s.refreshed(rows.Items)
	return rows, nil
}

// refreshed adds what this process knows of the sessions and the store does not yet.
func (s *Service) refreshed(rows []Session) {
	for i := range rows {
		row := &rows[i]
		l, ok := s.presence.lastUse(row.ID)
		if !ok {
			continue
		}
		if seen := clock.FromMillis(l.seen.Load()); seen.After(row.LastSeenAt) {
			row.LastSeenAt = seen
		}
		if l.slides > 0 {
			row.ExpiresAt = l.expiresAt()
		}
	}
}

// isOver tells whether a remembered session has ended or may have run out since.
func (s *Service) isOver(row Session) bool {
	now := s.now()
	return s.ended.has(row.ID) || !now.Before(row.ExpiresAt) || !now.Before(row.EndsAt)
}

// changed forgets the list of an account here and everywhere once the transaction of ctx is committed.
// A lost message costs at most listMemo.
func (s *Service) changed(ctx context.Context, owner id.Account) {
	s.Tx.AfterCommit(ctx, func() {
		s.lists.forget(owner)
		_ = s.Bus.Publish(context.WithoutCancel(ctx), TopicChanged, []byte(owner))
	})
}

// lists remembers the first page of accounts' lists. Safe for concurrent use.
type lists struct {
	memo cache.Memo
	// epoch counts the changes heard of, so that a page read before one is not kept after it.
	epoch atomic.Uint64
}

// firstPage is a page as it was read, by the size asked for.
type firstPage struct {
	first int
	rows  page.Of[Session]
}

func listKey(owner id.Account) string { return "l" + string(owner) }

func (l *lists) get(owner id.Account, first int) (page.Of[Session], bool) {
	v, ok := l.memo.Get(listKey(owner))
	if !ok {
		return page.Of[Session]{}, false
	}
	known, ok := v.(firstPage)
	return known.rows, ok && known.first == first
}

// keep remembers a page that was read after epoch was before.
func (l *lists) keep(owner id.Account, first int, rows page.Of[Session], before uint64) {
	l.memo.Set(listKey(owner), firstPage{first, rows}, listMemo)
	if l.epoch.Load() != before {
		l.memo.Delete(listKey(owner))
	}
}

func (l *lists) forget(owner id.Account) {
	l.epoch.Add(1)
	l.memo.Delete(listKey(owner))
}
