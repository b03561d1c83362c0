package sandbox

import (
	"encoding/json"
	"slices"
	"sync"
	"time"
)

const (
	// mostMessages and mostMessageBytes bound what the chats remember; the
	// oldest messages go first.
	mostMessages     = 10_000
	mostMessageBytes = 64 << 20
)

// Message is something a robot said.
type Message struct {
	// ID grows by one with every message and starts anew with the sandbox.
	ID int64 `json:"id"`
	// At is the sandbox's own time.
	At    time.Time `json:"at"`
	Robot string    `json:"robot"`
	// Conversation identifies the group, or the private chat.
	Conversation string `json:"conversation"`
	// ToUserIDs are the receivers of a private message; empty in a group.
	ToUserIDs []string `json:"toUserIds"`
	Msgtype   string   `json:"msgtype"`
	// Body is the object under the msgtype's own key, as it was sent.
	Body     json.RawMessage `json:"body"`
	Mentions Mentions        `json:"mentions"`
	// MsgUUID is the idempotency key it was sent with, if any.
	MsgUUID string `json:"msgUuid,omitempty"`
}

// MessageFilter narrows Messages. The zero value means all.
type MessageFilter struct {
	// Robot is a robot's name.
	Robot string
	// UserID keeps private messages to this person and group messages that
	// notified them.
	UserID string
	// Since keeps messages with a greater ID.
	Since int64
	// Limit keeps only the oldest so many of what is left; 0 means all.
	Limit int
}

type messageBox struct {
	mu    sync.Mutex
	last  int64
	bytes int
	list  []Message // oldest first, from head on
	head  int
}

func newMessageBox() *messageBox { return &messageBox{} }

// add stores m under the next id.
func (b *messageBox) add(m Message) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	m.ID = b.last
	b.list = append(b.list, m)
	b.bytes += m.size()
	for len(b.list)-b.head > mostMessages || b.bytes > mostMessageBytes {
		b.bytes -= b.list[b.head].size()
		b.list[b.head] = Message{}
		b.head++
	}
	if b.head > 1024 && b.head > len(b.list)/2 {
		b.list = slices.Clone(b.list[b.head:])
		b.head = 0
	}
	return m.ID
}

func (m Message) size() int { return len(m.Body) + len(m.MsgUUID) + 256 }

func (b *messageBox) find(f MessageFilter) []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := []Message{}
	live := b.list[b.head:]
	// Ids are consecutive, so the first one wanted is found without a search.
	if len(live) > 0 && f.Since >= live[0].ID {
		live = live[min(f.Since-live[0].ID+1, int64(len(live))):]
	}
	for _, m := range live {
		if f.Robot != "" && m.Robot != f.Robot {
			continue
		}
		if f.UserID != "" && !slices.Contains(m.ToUserIDs, f.UserID) && !slices.Contains(m.Mentions.NotifiedUserIDs, f.UserID) {
			continue
		}
		found = append(found, m.clone())
		if f.Limit > 0 && len(found) == f.Limit {
			break
		}
	}
	return found
}

func (m Message) clone() Message {
	m.Body = slices.Clone(m.Body)
	m.ToUserIDs = slices.Clone(m.ToUserIDs)
	m.Mentions = m.Mentions.clone()
	return m
}

// Messages returns what robots said, oldest first: at most the newest 10,000.
func (s *Sandbox) Messages(f MessageFilter) []Message { return s.messages.find(f) }
