package robot_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
)

func (m *memStore) Blocked(_ context.Context, now time.Time, _ int) ([]robot.Robot, error) {
	var blocked []robot.Robot
	for _, r := range m.robots {
		if r.BlockedUntil.After(now) {
			blocked = append(blocked, r)
		}
	}
	return blocked, m.fail
}

func (m *memStore) Update(_ context.Context, which id.Robot, c robot.Change) error {
	at := slices.IndexFunc(m.robots, func(r robot.Robot) bool { return r.ID == which })
	if at < 0 || m.fail != nil {
		return errors.Join(m.fail, robot.ErrNotFound)
	}
	for i, row := range m.robots {
		switch {
		case i == at:
		case c.Name != nil && row.Name == *c.Name:
			return robot.ErrNameTaken
		case c.Token != nil && row.TokenHash == c.Token.Hash:
			return robot.ErrWebhookTaken
		}
	}
	m.changed = c
	r := &m.robots[at]
	if c.Name != nil {
		r.Name = *c.Name
	}
	if c.Token != nil {
		r.SealedToken, r.TokenHash = c.Token.Sealed, c.Token.Hash
	}
	if c.SealedSecret != nil {
		r.SealedSecret = *c.SealedSecret
	}
	if c.Keywords != nil {
		r.Keywords = *c.Keywords
	}
	return nil
}

func (m *memStore) Delete(_ context.Context, which id.Robot, _ time.Time) error {
	before := len(m.robots)
	m.robots = slices.DeleteFunc(m.robots, func(r robot.Robot) bool { return r.ID == which })
	if len(m.robots) == before {
		return robot.ErrNotFound
	}
	return m.fail
}

func ptr[T any](v T) *T { return &v }

func TestAnUpdateChangesWhatIsGivenAndLeavesTheRest(t *testing.T) {
	t.Parallel()
	const other = "fedcba9876543210"
	for name, c := range map[string]struct {
		update robot.Update
		expect func(r *robot.Robot, token, signing *string)
	}{
		"nothing":     {robot.Update{}, func(*robot.Robot, *string, *string) {}},
		"the name":    {robot.Update{Name: ptr(" 值班 ")}, func(r *robot.Robot, _, _ *string) { r.Name = "值班" }},
		"the webhook": {robot.Update{Webhook: secret.NewText(other)}, func(_ *robot.Robot, token, _ *string) { *token = other }},
		"the secret":  {robot.Update{Secret: secret.NewText("SECnew")}, func(_ *robot.Robot, _, s *string) { *s = "SECnew" }},
		"no secret":   {robot.Update{RemoveSecret: true}, func(_ *robot.Robot, _, s *string) { *s = "" }},
		"keywords":    {robot.Update{Keywords: []string{" a ", "b", "a"}}, func(r *robot.Robot, _, _ *string) { r.Keywords = []string{"a", "b"} }},
		"no keywords": {robot.Update{Keywords: []string{}}, func(r *robot.Robot, _, _ *string) { r.Keywords = nil }},
		"all together": {robot.Update{Name: ptr("x"), Webhook: secret.NewText(other), Secret: secret.NewText("SECnew"), Keywords: []string{"k"}}, func(r *robot.Robot, token, s *string) {
			r.Name, *token, *s, r.Keywords = "x", other, "SECnew", []string{"k"}
		}},
	} {
		s, store, _ := newService(t)
		made, err := s.Create(t.Context(), authz.System(), input(nil))
		if err != nil {
			t.Fatal(err)
		}
		want, wantToken, wantSecret := made, token, "SECabc"
		c.expect(&want, &wantToken, &wantSecret)
		got, err := s.Update(t.Context(), authz.System(), made.ID, c.update)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		opened, err := s.Open(t.Context(), got)
		if err != nil || opened.Token.Reveal() != wantToken || opened.Secret.Reveal() != wantSecret {
			t.Errorf("%s: opens %q, %q, %v", name, opened.Token.Reveal(), opened.Secret.Reveal(), err)
		}
		if got.Name != want.Name || !slices.Equal(got.Keywords, want.Keywords) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		if stored, err := json.Marshal(store.robots); err != nil || strings.Contains(string(stored), other) || strings.Contains(string(stored), "SECnew") {
			t.Errorf("%s: stored in clear", name)
		}
	}
}

func TestTheRobotThatSendsLoginCodesKeepsItsNameAndItsPlace(t *testing.T) {
	t.Parallel()
	_, store, ring := newService(t)
	s := robot.New(robot.Config{Store: store, Ring: ring, Clock: clock.NewFake(start), SendsCodes: " ops "})
	ops, err := s.Create(t.Context(), authz.System(), input(nil))
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Create(t.Context(), authz.System(), input(func(in *robot.Input) {
		in.Name, in.Webhook = "news", secret.NewText("aaaabbbbccccdddd")
	}))
	if err != nil {
		t.Fatal(err)
	}
	member := authz.Actor{Account: "a", Roles: []authz.Role{authz.Member}}
	if err := s.Delete(t.Context(), member, ops.ID); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("deleted by a member: %v", err)
	}
	if err := s.Delete(t.Context(), authz.System(), ops.ID); !errors.Is(err, robot.ErrSendsCodes) {
		t.Errorf("deleted: %v", err)
	}
	if _, err := s.Update(t.Context(), authz.System(), ops.ID, robot.Update{Name: ptr("值班")}); !errors.Is(err, robot.ErrSendsCodes) {
		t.Errorf("renamed: %v", err)
	}
	kept, err := s.Update(t.Context(), authz.System(), ops.ID, robot.Update{
		Name: ptr(" ops "), Webhook: secret.NewText("fedcba9876543210"), Secret: secret.NewText("SECnew"), Keywords: []string{"k"},
	})
	if err != nil || kept.Name != "ops" || !slices.Equal(kept.Keywords, []string{"k"}) {
		t.Errorf("everything but the name: %+v, %v", kept, err)
	}
	if _, err := s.Update(t.Context(), authz.System(), other.ID, robot.Update{Name: ptr("news 2")}); err != nil {
		t.Errorf("another robot renamed: %v", err)
	}
	if _, err := s.Update(t.Context(), authz.System(), "robt_none", robot.Update{Name: ptr("x")}); !errors.Is(err, robot.ErrNotFound) {
		t.Errorf("none renamed: %v", err)
	}
	if err := s.Delete(t.Context(), authz.System(), other.ID); err != nil {
		t.Errorf("another robot deleted: %v", err)
	}
}

func TestAnUpdateThatCannotBeIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	s, store, _ := newService(t)
	made, err := s.Create(t.Context(), authz.System(), input(nil))
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Create(t.Context(), authz.System(), input(func(in *robot.Input) {
		in.Name, in.Webhook = "news", secret.NewText("aaaabbbbccccdddd")
	}))
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(store.robots)
	for name, c := range map[string]struct {
		actor  authz.Actor
		robot  id.Robot
		update robot.Update
		want   error
	}{
		"by nobody":        {authz.Actor{}, made.ID, robot.Update{Name: ptr("x")}, authz.ErrSignInRequired},
		"by a member":      {authz.Actor{Account: "a", Roles: []authz.Role{authz.Member}}, made.ID, robot.Update{Name: ptr("x")}, authz.ErrForbidden},
		"of nobody":        {authz.System(), "robt_none", robot.Update{Name: ptr("x")}, robot.ErrNotFound},
		"empty name":       {authz.System(), made.ID, robot.Update{Name: ptr(" ")}, robot.ErrNameInvalid},
		"name taken":       {authz.System(), second.ID, robot.Update{Name: ptr("ops")}, robot.ErrNameTaken},
		"webhook taken":    {authz.System(), second.ID, robot.Update{Webhook: secret.NewText(token)}, robot.ErrWebhookTaken},
		"no webhook":       {authz.System(), made.ID, robot.Update{Webhook: secret.NewText("https://evil.example/robot/send?access_token=x")}, robot.ErrWebhookInvalid},
		"no secret":        {authz.System(), made.ID, robot.Update{Secret: secret.NewText("abc")}, robot.ErrSecretInvalid},
		"both secret ways": {authz.System(), made.ID, robot.Update{Secret: secret.NewText("SECx"), RemoveSecret: true}, robot.ErrSecretInvalid},
		"empty keyword":    {authz.System(), made.ID, robot.Update{Keywords: []string{""}}, robot.ErrKeywordInvalid},
	} {
		if _, err := s.Update(t.Context(), c.actor, c.robot, c.update); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for i := range before {
		if before[i].Name != store.robots[i].Name || before[i].SealedToken != store.robots[i].SealedToken || before[i].SealedSecret != store.robots[i].SealedSecret {
			t.Errorf("changed to %+v", store.robots[i])
		}
	}
}

func TestAWebhookIsKnownAgainUnderAnOlderKey(t *testing.T) {
	t.Parallel()
	old, fresh := secret.NewKey(), secret.NewKey()
	store := &memStore{}
	under := func(keys ...[]byte) *robot.Service {
		ring, err := secret.NewRing(keys...)
		if err != nil {
			t.Fatal(err)
		}
		return robot.New(robot.Config{Store: store, Ring: ring, Clock: clock.NewFake(start)})
	}
	made, err := under(old).Create(t.Context(), authz.System(), input(nil))
	if err != nil {
		t.Fatal(err)
	}
	s := under(fresh, old)
	second, err := s.Create(t.Context(), authz.System(), input(func(in *robot.Input) {
		in.Name, in.Webhook = "news", secret.NewText("aaaabbbbccccdddd")
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), authz.System(), second.ID, robot.Update{Webhook: secret.NewText(token)}); !errors.Is(err, robot.ErrWebhookTaken) {
		t.Errorf("another's webhook: %v", err)
	}
	for _, c := range []struct {
		webhook string
		another bool
	}{{token, false}, {token, false}, {"eeeeffff00001111", true}} {
		if _, err := s.Update(t.Context(), authz.System(), made.ID, robot.Update{Webhook: secret.NewText(c.webhook)}); err != nil {
			t.Fatal(err)
		}
		if store.changed.Token.Another != c.another {
			t.Errorf("%s is taken for another webhook: %v", c.webhook, store.changed.Token.Another)
		}
	}
}

func TestOnlyAdministratorsDeleteRobots(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t)
	made, err := s.Create(t.Context(), authz.System(), input(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), authz.Actor{Account: "a"}, made.ID); !errors.Is(err, authz.ErrForbidden) {
		t.Fatalf("got %v", err)
	}
	if err := s.Delete(t.Context(), authz.System(), made.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), authz.System(), made.ID); !errors.Is(err, robot.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
}
