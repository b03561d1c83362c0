package broadcast_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posthouse/posthouse/internal/account"
	"github.com/posthouse/posthouse/internal/broadcast"
	"github.com/posthouse/posthouse/internal/bus"
	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/factor"
	"github.com/posthouse/posthouse/internal/id"
	"github.com/posthouse/posthouse/internal/robot"
)

func codeMessage(clk clock.Clock, who *account.Account) factor.Message {
	return factor.Message{Challenge: "otpc_1", Account: who, Code: "042137", ExpiresAt: clk.Now().Add(5 * time.Minute)}
}

var zhangsan = &account.Account{ID: "acct_1", Phone: "+8613800000001"}

func TestALoginCodeReachesTheGroupAndMentionsThePerson(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		defer h.start()()
		synctest.Wait()
		channel := broadcast.NewGroupChannel(h.Service, "ops")
		if channel.Name() != factor.DingtalkGroup {
			t.Error(channel.Name())
		}
		if err := channel.Deliver(t.Context(), codeMessage(h.clock, zhangsan)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		calls := h.sender.made()
		if len(calls) != 1 || len(calls[0].mentions.Phones) != 1 || calls[0].mentions.Phones[0] != "13800000001" {
			t.Fatalf("calls %+v", calls)
		}
		content := calls[0].message.Text.Content
		zh, en, _ := strings.Cut(content, "\n")
		for _, want := range []string{"042137", "5 分钟"} {
			if !strings.Contains(zh, want) {
				t.Errorf("Chinese lacks %q: %s", want, zh)
			}
		}
		if !strings.Contains(en, "042137") || !strings.Contains(en, "5 minutes") {
			t.Errorf("English: %s", en)
		}
		if !strings.HasSuffix(content, "\n@13800000001") {
			t.Errorf("the mention must come after the code: %s", content)
		}
		if d := h.notices()[0]; d.Status != broadcast.Sent || d.SealedNotice != "" || d.Priority != broadcast.Urgent {
			t.Errorf("delivery %+v", d)
		}
	})
}

func TestACodeIsSealedUntilItIsSent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	if err := broadcast.NewGroupChannel(h.Service, "ops").Deliver(t.Context(), codeMessage(h.clock, zhangsan)); err != nil {
		t.Fatal(err)
	}
	sealed := h.notices()[0].SealedNotice
	if sealed == "" || strings.Contains(sealed, "042137") || strings.Contains(sealed, "13800000001") {
		t.Fatalf("sealed as %q", sealed)
	}
}

func TestADecoyDoesTheWorkAndIsNeverSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		defer h.start()()
		channel := broadcast.NewGroupChannel(h.Service, "ops")
		for _, who := range []*account.Account{nil, zhangsan} {
			if err := channel.Deliver(t.Context(), codeMessage(h.clock, who)); err != nil {
				t.Fatal(err)
			}
		}
		before := h.notices()
		if len(before[0].SealedNotice) != len(before[1].SealedNotice) {
			t.Errorf("sealed sizes %d and %d tell them apart", len(before[0].SealedNotice), len(before[1].SealedNotice))
		}
		pass(h.clock, time.Hour)
		if n := len(h.sender.made()); n != 1 {
			t.Fatalf("%d calls, want the one for the person who exists", n)
		}
	})
}

func TestAnExpiredCodeIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		channel := broadcast.NewGroupChannel(h.Service, "ops")
		if err := channel.Deliver(t.Context(), codeMessage(h.clock, zhangsan)); err != nil {
			t.Fatal(err)
		}
		late := h.say(broadcast.Bulk, "not a code", "r1")
		pass(h.clock, 5*time.Minute) // nobody was sending
		defer h.start()()
		synctest.Wait()
		if d := h.notices()[0]; d.Status != broadcast.Expired || d.Attempts != 0 || d.SealedNotice != "" {
			t.Errorf("notice %+v", d)
		}
		if n := len(h.sender.made()); n != 1 || h.state(late) != broadcast.AllSent {
			t.Errorf("%d calls, state %s", n, h.state(late))
		}
	})
}

func TestACodeIsNotRepeatedBeyondItsExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		h.sender.answer = func(context.Context, call) broadcast.Receipt {
			return broadcast.Receipt{Outcome: broadcast.Retryable, PlatformCode: "-1"}
		}
		defer h.start()()
		m := codeMessage(h.clock, zhangsan)
		if err := broadcast.NewGroupChannel(h.Service, "ops").Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		pass(h.clock, time.Hour)
		calls := h.sender.made()
		if len(calls) != 9 || !calls[len(calls)-1].at.Before(m.ExpiresAt) { // 1+2+…+128 s fit into 300 s
			t.Errorf("%d calls, the last at %v", len(calls), calls[len(calls)-1].at)
		}
		if d := h.notices()[0]; d.Status != broadcast.Expired {
			t.Errorf("status %s", d.Status)
		}
	})
}

func TestACodeIsSentOnlyIfItsTransactionCommits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		defer h.start()()
		synctest.Wait()
		channel := broadcast.NewGroupChannel(h.Service, "ops")
		undone := errors.New("undone")
		deliver := func(end error) error {
			return h.store.InTx(t.Context(), func(ctx context.Context) error {
				if err := channel.Deliver(ctx, codeMessage(h.clock, zhangsan)); err != nil {
					t.Error(err)
				}
				select {
				case <-h.clock.NewTimer(time.Second).C(): // longer than a nudge takes
				case <-ctx.Done():
				}
				return end
			})
		}
		if err := deliver(undone); !errors.Is(err, undone) || len(h.notices()) != 0 {
			t.Fatalf("%v, %d notices", err, len(h.notices()))
		}
		if err := deliver(nil); err != nil {
			t.Fatal(err)
		}
		committed := h.clock.Now()
		synctest.Wait()
		for _, c := range h.sender.made()[len(h.sender.made())-1:] {
			if c.at.After(committed) {
				t.Error("sent late")
			}
		}
		if h.notices()[0].Status != broadcast.Sent {
			t.Fatal("not sent at once after the commit")
		}
	})
}

func TestKeywordsOfTheGroupAreMet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		robot   id.Robot
		message broadcast.Message
		want    broadcast.Message
	}{
		"none wanted":     {"r1", text("hi"), text("hi")},
		"none there":      {"r3", text("hi"), text("验证 hi")},
		"second is there": {"r3", text("an alarm"), text("an alarm")},
		"markdown": {
			"r3", broadcast.Message{Markdown: &broadcast.Markdown{Title: "alarm", Text: "x"}},
			broadcast.Message{Markdown: &broadcast.Markdown{Title: "alarm", Text: "验证 x"}},
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, clock.Real())
			defer h.start()()
			if err := h.Notify(t.Context(), broadcast.Notice{Robot: "nobody", Message: c.message}); !errors.Is(err, robot.ErrNotFound) {
				t.Errorf("no robot: %v", err)
			}
			if err := h.Notify(t.Context(), broadcast.Notice{Robot: c.robot, Message: c.message}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			got := h.sender.made()[0].message
			if got.Text != nil && *got.Text != *c.want.Text || got.Markdown != nil && *got.Markdown != *c.want.Markdown {
				t.Errorf("%s: sent %+v %+v", name, got.Text, got.Markdown)
			}
		})
	}
}

func TestAChannelWithoutItsRobotSaysSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, clock.NewFake(start))
	channel := broadcast.NewGroupChannel(h.Service, "nobody")
	for _, who := range []*account.Account{nil, zhangsan} {
		if err := channel.Deliver(t.Context(), codeMessage(h.clock, who)); !errors.Is(err, factor.ErrNoChannel) {
			t.Errorf("got %v", err)
		}
	}
}

func TestALastMinuteIsSingular(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real())
		defer h.start()()
		m := codeMessage(h.clock, zhangsan)
		m.ExpiresAt = h.clock.Now().Add(59 * time.Second)
		if err := broadcast.NewGroupChannel(h.Service, "ops").Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		content := h.sender.made()[0].message.Text.Content
		if !strings.Contains(content, "1 分钟") || !strings.Contains(content, "1 minute.") {
			t.Error(content)
		}
	})
}

// mute is a bus that is down.
type mute struct{ bus.Bus }

func (mute) Publish(context.Context, string, []byte) error { return errors.New("bus is down") }

func TestWithoutTheBusThisProcessSendsAtOnceAllTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, clock.Real(), func(c *broadcast.Config) { c.Bus = mute{c.Bus} })
		defer h.start()()
		synctest.Wait()
		b := h.say(broadcast.Normal, "x", "r1")
		synctest.Wait()
		if h.state(b) != broadcast.AllSent {
			t.Fatal("not sent at once")
		}
	})
}
