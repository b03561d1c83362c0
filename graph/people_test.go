package graph_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/event"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/session"
	"github.com/posthouse/posthouse/server/sandbox"
)

// credentials are how somebody signs in.
type credentials struct {
	Account account.Account
	Session session.Session
	Token   string
}

// person makes an account of the role and signs it in.
func (h *house) person(t testing.TB, name, phone string, role authz.Role) credentials {
	t.Helper()
	now := h.clock.Now()
	made := account.Account{ID: id.Account(id.New(id.AccountPrefix, now)), Username: name, Phone: phone, Roles: []authz.Role{role}, CreatedAt: now}
	check(t, h.db.Accounts().Create(t.Context(), made, name)) // without the price of a password
	return h.sessionOf(t, made)
}

func (h *house) sessionOf(t testing.TB, owner account.Account) credentials {
	t.Helper()
	grant, err := h.services.Sessions.CreateToken(t.Context(), authz.Actor{}, owner)
	check(t, err)
	return credentials{owner, grant.Session, grant.AccessToken}
}

const password = "correct horse battery"

func (h *house) admin(t testing.TB) credentials {
	t.Helper()
	return h.person(t, "boss", "+8613900000001", authz.Admin)
}

func (h *house) member(t testing.TB) credentials {
	t.Helper()
	return h.person(t, "clerk", "+8613900000002", authz.Member)
}

// robotID gives the id of one of the sandbox's robots.
func (h *house) robotID(t testing.TB, name string) string {
	t.Helper()
	found, ok, err := h.services.Robots.FindByName(t.Context(), name)
	check(t, err)
	if !ok {
		t.Fatalf("there is no robot %s", name)
	}
	return string(found.ID)
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code waits for a login code in the chat and reads it there, as the person would: the newest that
// mentions the phone, after the message with the given id.
func (h *house) code(t testing.TB, phone string, since int64) (code string, id int64) {
	t.Helper()
	for {
		for _, m := range h.box.Messages(sandbox.MessageFilter{Robot: "ops", Since: since}) {
			if bytes.Contains(m.Body, []byte(phone)) {
				return string(sixDigits.Find(m.Body)), m.ID
			}
		}
		await(t, "a message in the chat", h.completed)
	}
}

// append writes a callback event into the log.
func (h *house) append(t testing.TB, eventType, key string, payload []byte) {
	t.Helper()
	check(t, h.services.Events.Append(t.Context(), event.Pushed{
		App: "sandbox", DedupeKey: key, Type: eventType, CorpID: "corp", OccurredAt: h.clock.Now(), Payload: payload,
	}))
}
