package robot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/authz"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/page"
	"github.com/posthouse/posthouse/internal/robot"
	"github.com/posthouse/posthouse/internal/secret"
)

// memStore keeps the promises of robot.Store in memory.
type memStore struct {
	mu     sync.Mutex
	robots []robot.Robot
	fail   error
	// changed is the last change made.
	changed robot.Change
}

func (m *memStore) Create(_ context.Context, r robot.Robot) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.robots {
		switch {
		case m.fail != nil:
			return m.fail
		case other.Name == r.Name:
			return robot.ErrNameTaken
		case other.TokenHash == r.TokenHash:
			return robot.ErrWebhookTaken
		}
	}
	m.robots = append(m.robots, r)
	return m.fail
}

func (m *memStore) Get(_ context.Context, r id.Robot) (robot.Robot, error) {
	for _, row := range m.robots {
		if row.ID == r {
			return row, nil
		}
	}
	return robot.Robot{}, robot.ErrNotFound
}

func (m *memStore) GetMany(_ context.Context, ids []id.Robot) ([]robot.Robot, error) {
	var out []robot.Robot
	for _, row := range m.robots {
		if slices.Contains(ids, row.ID) {
			out = append(out, row)
		}
	}
	return out, m.fail
}

func (m *memStore) FindByName(_ context.Context, name string) (robot.Robot, bool, error) {
	for _, row := range m.robots {
		if row.Name == name {
			return row, true, nil
		}
	}
	return robot.Robot{}, false, m.fail
}

func (m *memStore) FindByToken(_ context.Context, hashes []string) (robot.Robot, bool, error) {
	for _, row := range m.robots {
		if slices.Contains(hashes, row.TokenHash) {
			return row, true, nil
		}
	}
	return robot.Robot{}, false, m.fail
}

func (m *memStore) List(_ context.Context, p page.Request) (page.Of[robot.Robot], error) {
	return page.Cut(m.robots[:min(len(m.robots), p.First+1)], p.First), m.fail
}

func (m *memStore) Block(context.Context, id.Robot, time.Time) error { return nil }

var start = time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)

func newService(t *testing.T) (*robot.Service, *memStore, *secret.Ring) {
	t.Helper()
	ring, err := secret.NewRing(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	store := &memStore{}
	return robot.New(robot.Config{Store: store, Ring: ring, Clock: clock.NewFake(start)}), store, ring
}

func input(change func(*robot.Input)) robot.Input {
	in := robot.Input{
		Name: "ops", Webhook: secret.NewText("https://oapi.dingtalk.com/robot/send?access_token=" + token),
		Secret: secret.NewText("SECabc"), Keywords: []string{"alarm"},
	}
	if change != nil {
		change(&in)
	}
	return in
}

func TestAWebhookIsTakenAlsoWhenItWasAddedUnderAnOlderKey(t *testing.T) {
	t.Parallel()
	old, fresh := secret.NewKey(), secret.NewKey()
	before, err := secret.NewRing(old)
	if err != nil {
		t.Fatal(err)
	}
	after, err := secret.NewRing(fresh, old)
	if err != nil {
		t.Fatal(err)
	}
	store := &memStore{}
	clk := clock.NewFake(start)
	if _, err := robot.New(robot.Config{Store: store, Ring: before, Clock: clk}).Create(t.Context(), authz.System(), input(nil)); err != nil {
		t.Fatal(err)
	}
	s := robot.New(robot.Config{Store: store, Ring: after, Clock: clk})
	_, err = s.Create(t.Context(), authz.System(), input(func(in *robot.Input) { in.Name = "again" }))
	if !errors.Is(err, robot.ErrWebhookTaken) {
		t.Fatalf("got %v", err)
	}
	other := input(func(in *robot.Input) { in.Name, in.Webhook = "other", secret.NewText(strings.Repeat("b", len(token))) })
	if _, err := s.Create(t.Context(), authz.System(), other); err != nil {
		t.Fatal(err)
	}
}

func TestARobotKeepsItsSecretsSealedAndOpensThem(t *testing.T) {
	t.Parallel()
	s, store, _ := newService(t)
	r, err := s.Create(t.Context(), authz.System(), input(nil))
	if err != nil {
		t.Fatal(err)
	}
	if id.Prefix(string(r.ID)) != id.RobotPrefix || !r.CreatedAt.Equal(start.Truncate(time.Millisecond)) {
		t.Errorf("made %+v", r)
	}
	stored, err := json.Marshal(store.robots)
	if err != nil || strings.Contains(string(stored), token) || strings.Contains(string(stored), "SECabc") {
		t.Errorf("stored in clear: %s", stored)
	}
	c, err := s.Open(t.Context(), r)
	if err != nil || c.Token.Reveal() != token || c.Secret.Reveal() != "SECabc" {
		t.Fatalf("opened %q %q, %v", c.Token.Reveal(), c.Secret.Reveal(), err)
	}
	if printed := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(printed, token) || strings.Contains(printed, "SECabc") {
		t.Errorf("printed in clear: %s", printed)
	}
}

func TestARobotWithoutASecretDoesNotSign(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t)
	r, err := s.Create(t.Context(), authz.System(), input(func(in *robot.Input) { in.Secret = secret.Text{} }))
	if err != nil || r.SealedSecret != "" {
		t.Fatalf("%+v %v", r, err)
	}
	if c, err := s.Open(t.Context(), r); err != nil || !c.Secret.IsZero() {
		t.Fatal(err)
	}
}

func TestSealedValuesOpenForTheirRobotOnly(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t)
	r, err := s.Create(t.Context(), authz.System(), input(nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*robot.Robot){
		"another robot": func(r *robot.Robot) { r.ID = "robt_other" },
		"token swapped": func(r *robot.Robot) { r.SealedToken = r.SealedSecret },
		"secret broken": func(r *robot.Robot) { r.SealedSecret += "x" },
	} {
		changed := r
		change(&changed)
		if _, err := s.Open(t.Context(), changed); !errors.Is(err, secret.ErrOpen) || errs.CodeOf(err) != errs.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	other, _, _ := newService(t) // another key
	if _, err := other.Open(t.Context(), r); !errors.Is(err, secret.ErrOpen) {
		t.Errorf("another ring: %v", err)
	}
}

func TestInputsAtFault(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*robot.Input)
		want   *errs.Error
	}{
		"blanks around the name": {func(in *robot.Input) { in.Name = "  运维 机器人 🤖 " }, nil},
		"64 characters":          {func(in *robot.Input) { in.Name = strings.Repeat("名", 64) }, nil},
		"65 characters":          {func(in *robot.Input) { in.Name = strings.Repeat("名", 65) }, robot.ErrNameInvalid},
		"no name":                {func(in *robot.Input) { in.Name = " \t " }, robot.ErrNameInvalid},
		"name with a NUL":        {func(in *robot.Input) { in.Name = "a\x00b" }, robot.ErrNameInvalid},
		"name of two lines":      {func(in *robot.Input) { in.Name = "a\nb" }, robot.ErrNameInvalid},
		"name written backwards": {func(in *robot.Input) { in.Name = "a\u202eb" }, robot.ErrNameInvalid},
		"name that is not UTF-8": {func(in *robot.Input) { in.Name = "\xff" }, robot.ErrNameInvalid},
		"bare token":             {func(in *robot.Input) { in.Webhook = secret.NewText(token) }, nil},
		"no webhook":             {func(in *robot.Input) { in.Webhook = secret.Text{} }, robot.ErrWebhookInvalid},
		"somebody else's webhook": {func(in *robot.Input) {
			in.Webhook = secret.NewText("https://evil.example/robot/send?access_token=" + token)
		}, robot.ErrWebhookInvalid},
		"secret without SEC":       {func(in *robot.Input) { in.Secret = secret.NewText("abc") }, robot.ErrSecretInvalid},
		"SEC alone":                {func(in *robot.Input) { in.Secret = secret.NewText("SEC") }, robot.ErrSecretInvalid},
		"secret with a blank":      {func(in *robot.Input) { in.Secret = secret.NewText("SECa b") }, robot.ErrSecretInvalid},
		"secret with blanks round": {func(in *robot.Input) { in.Secret = secret.NewText(" SECab\n") }, nil},
		"secret of a megabyte":     {func(in *robot.Input) { in.Secret = secret.NewText("SEC" + strings.Repeat("x", 1e6)) }, robot.ErrSecretInvalid},
		"no keywords":              {func(in *robot.Input) { in.Keywords = nil }, nil},
		"ten keywords":             {func(in *robot.Input) { in.Keywords = strings.Split("abcdefghij", "") }, nil},
		"eleven keywords":          {func(in *robot.Input) { in.Keywords = strings.Split("abcdefghijk", "") }, robot.ErrKeywordInvalid},
		"an empty keyword":         {func(in *robot.Input) { in.Keywords = []string{" "} }, robot.ErrKeywordInvalid},
		"a long keyword":           {func(in *robot.Input) { in.Keywords = []string{strings.Repeat("x", 65)} }, robot.ErrKeywordInvalid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, store, _ := newService(t)
			_, err := s.Create(t.Context(), authz.System(), input(c.change))
			if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if made := len(store.robots) == 1; made != (c.want == nil) {
				t.Error("stored all the same, or not at all")
			}
			if err != nil && (strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "SECa")) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

func TestKeywordsAndNamesAreTidied(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t)
	r, err := s.Create(t.Context(), authz.System(), input(func(in *robot.Input) {
		in.Name, in.Keywords = " ops ", []string{" alarm ", "alarm", "告警"}
	}))
	if err != nil || r.Name != "ops" || !slices.Equal(r.Keywords, []string{"alarm", "告警"}) {
		t.Fatalf("%q %q %v", r.Name, r.Keywords, err)
	}
	if found, ok, err := s.FindByName(t.Context(), " ops "); err != nil || !ok || found.ID != r.ID {
		t.Fatalf("not found by its name: %v %v", ok, err)
	}
	if _, ok, err := s.FindByName(t.Context(), "nobody"); err != nil || ok {
		t.Fatalf("found nobody: %v %v", ok, err)
	}
	found, err := s.Load(t.Context(), []id.Robot{r.ID, "robt_none"})
	if err != nil || len(found) != 1 || found[r.ID].Name != "ops" {
		t.Fatalf("%v %v", found, err)
	}
}

func TestNamesAndWebhooksAreUnique(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t)
	if _, err := s.Create(t.Context(), authz.System(), input(nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), authz.System(), input(func(in *robot.Input) {
		in.Webhook = secret.NewText("othertoken")
	})); !errors.Is(err, robot.ErrNameTaken) {
		t.Errorf("same name: %v", err)
	}
	// The same token in its other form is the same robot.
	if _, err := s.Create(t.Context(), authz.System(), input(func(in *robot.Input) {
		in.Name, in.Webhook = "other", secret.NewText(token)
	})); !errors.Is(err, robot.ErrWebhookTaken) {
		t.Errorf("same token: %v", err)
	}
}

func TestOnlyAdminsSeeAndMakeRobots(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t)
	for name, c := range map[string]struct {
		actor authz.Actor
		want  error
	}{
		"nobody": {authz.Actor{}, authz.ErrSignInRequired},
		"member": {authz.Actor{Account: "a", Roles: []authz.Role{authz.Member}}, authz.ErrForbidden},
		"admin":  {authz.Actor{Account: "a", Roles: []authz.Role{authz.Admin}}, nil},
	} {
		if _, err := s.Create(t.Context(), c.actor, input(nil)); !errors.Is(err, c.want) {
			t.Errorf("%s: Create gave %v", name, err)
		}
		if _, err := s.List(t.Context(), c.actor, page.Request{First: 1}); !errors.Is(err, c.want) {
			t.Errorf("%s: List gave %v", name, err)
		}
	}
}

func TestAFailingStoreIsInternal(t *testing.T) {
	t.Parallel()
	s, store, _ := newService(t)
	store.fail = errors.New("disk full")
	_, create := s.Create(t.Context(), authz.System(), input(nil))
	_, list := s.List(t.Context(), authz.System(), page.Request{First: 1})
	_, load := s.Load(t.Context(), nil)
	_, _, find := s.FindByName(t.Context(), "x")
	for _, err := range []error{create, list, load, find} {
		if errs.CodeOf(err) != errs.Internal || !errors.Is(err, store.fail) {
			t.Errorf("got %v", err)
		}
	}
}
