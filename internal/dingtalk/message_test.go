package dingtalk

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/broadcast"
)

func TestMessagesHaveTheSpellingsOfThePlatform(t *testing.T) {
	t.Parallel()
	button := &broadcast.Button{Title: "read", URL: "https://x/?a=1&b=<2>"}
	for name, c := range map[string]struct {
		m    broadcast.Message
		want string
	}{
		"text":     {broadcast.Message{Text: &broadcast.Text{Content: "你好 <b>&\n"}}, `{"msgtype":"text","text":{"content":"你好 <b>&\n"}}`},
		"markdown": {broadcast.Message{Markdown: &broadcast.Markdown{Title: "t", Text: "#### x\n> y"}}, `{"msgtype":"markdown","markdown":{"title":"t","text":"#### x\n> y"}}`},
		"link": {
			broadcast.Message{Link: &broadcast.Link{Title: "t", Text: "x", MessageURL: "https://m", PicURL: "https://p"}},
			`{"msgtype":"link","link":{"title":"t","text":"x","messageUrl":"https://m","picUrl":"https://p"}}`,
		},
		"link without a picture": {
			broadcast.Message{Link: &broadcast.Link{Title: "t", Text: "x", MessageURL: "https://m"}},
			`{"msgtype":"link","link":{"title":"t","text":"x","messageUrl":"https://m"}}`,
		},
		"card with one button": {
			broadcast.Message{ActionCard: &broadcast.ActionCard{Title: "t", Text: "md", Single: button, Buttons: []broadcast.Button{{Title: "no", URL: "no"}}}},
			`{"msgtype":"actionCard","actionCard":{"title":"t","text":"md","singleTitle":"read","singleURL":"https://x/?a=1&b=<2>","btnOrientation":"0"}}`,
		},
		"card with several": {
			broadcast.Message{ActionCard: &broadcast.ActionCard{Title: "t", Text: "md", Horizontal: true, Buttons: []broadcast.Button{{Title: "a", URL: "https://a"}, {Title: "b", URL: "https://b"}}}},
			`{"msgtype":"actionCard","actionCard":{"title":"t","text":"md","btnOrientation":"1","btns":[{"title":"a","actionURL":"https://a"},{"title":"b","actionURL":"https://b"}]}}`,
		},
		"feed": {
			broadcast.Message{FeedCard: &broadcast.FeedCard{Links: []broadcast.FeedLink{{Title: "t", MessageURL: "https://m", PicURL: "https://p"}}}},
			`{"msgtype":"feedCard","feedCard":{"links":[{"title":"t","messageURL":"https://m","picURL":"https://p"}]}}`,
		},
	} {
		got, err := encodeMessage(c.m, broadcast.Mentions{}, "")
		if err != nil || string(got) != c.want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", name, got, err, c.want)
		}
		withUUID, err := encodeMessage(c.m, broadcast.Mentions{}, "u-1")
		if want := strings.TrimSuffix(c.want, "}") + `,"msgUuid":"u-1"}`; err != nil || string(withUUID) != want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", name, withUUID, err, want)
		}
		if size := NewRobotSender(RobotConfig{}).Size(c.m, broadcast.Mentions{}); size != len(c.want) {
			t.Errorf("%s: %d bytes counted, %d sent", name, size, len(c.want))
		}
	}
}

func TestMentionsAreInTheTextAndInTheAtObject(t *testing.T) {
	t.Parallel()
	text := func(s string) broadcast.Message { return broadcast.Message{Text: &broadcast.Text{Content: s}} }
	markdown := func(s string) broadcast.Message {
		return broadcast.Message{Markdown: &broadcast.Markdown{Title: "t", Text: s}}
	}
	card := func(s string) broadcast.Message {
		return broadcast.Message{ActionCard: &broadcast.ActionCard{Title: "t", Text: s}}
	}
	both := broadcast.Mentions{Phones: []string{"+8613800138000"}, UserIDs: []string{"user123"}}
	for name, c := range map[string]struct {
		m    broadcast.Message
		who  broadcast.Mentions
		want string // the text
		at   string
	}{
		"appended to text":           {text("hi"), both, "hi\n@13800138000 @user123", `{"atMobiles":["13800138000"],"atUserIds":["user123"],"isAtAll":false}`},
		"appended to markdown":       {markdown("# hi"), both, "# hi\n\n@13800138000 @user123", `{"atMobiles":["13800138000"],"atUserIds":["user123"],"isAtAll":false}`},
		"already there":              {markdown("@user123, hi @13800138000"), both, "@user123, hi @13800138000", `{"atMobiles":["13800138000"],"atUserIds":["user123"],"isAtAll":false}`},
		"there before Chinese":       {text("@user123你好"), broadcast.Mentions{UserIDs: []string{"user123"}}, "@user123你好", `{"atUserIds":["user123"],"isAtAll":false}`},
		"another begins like it":     {text("@user1234 @user123_"), broadcast.Mentions{UserIDs: []string{"user123"}}, "@user1234 @user123_\n@user123", `{"atUserIds":["user123"],"isAtAll":false}`},
		"found after a longer one":   {text("@user1234 @user123"), broadcast.Mentions{UserIDs: []string{"user123"}}, "@user1234 @user123", `{"atUserIds":["user123"],"isAtAll":false}`},
		"the number alone is none":   {text("call 13800138000"), broadcast.Mentions{Phones: []string{"13800138000"}}, "call 13800138000\n@13800138000", `{"atMobiles":["13800138000"],"isAtAll":false}`},
		"nothing but mentions":       {text(""), broadcast.Mentions{UserIDs: []string{"u"}}, "@u", `{"atUserIds":["u"],"isAtAll":false}`},
		"everybody":                  {text("hi"), broadcast.Mentions{All: true}, "hi", `{"isAtAll":true}`},
		"once each":                  {text("hi"), broadcast.Mentions{Phones: []string{"+86 138-0013-8000", "13800138000", ""}, UserIDs: []string{"u", "u", " "}}, "hi\n@13800138000 @u", `{"atMobiles":["13800138000"],"atUserIds":["u"],"isAtAll":false}`},
		"a number of another place":  {text("hi"), broadcast.Mentions{Phones: []string{"+85261234567"}}, "hi\n@+85261234567", `{"atMobiles":["+85261234567"],"isAtAll":false}`},
		"nobody":                     {text("hi"), broadcast.Mentions{Phones: []string{""}}, "hi", ``},
		"a card, by user id":         {card("md"), both, "md\n\n@user123", ``},
		"a card that has it already": {card("md @user123"), both, "md @user123", ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := encodeMessage(c.m, c.who, "u")
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Text       struct{ Content string }
				Markdown   struct{ Text string }
				ActionCard struct{ Text string }
				At         json.RawMessage
			}
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatal(err)
			}
			if words := got.Text.Content + got.Markdown.Text + got.ActionCard.Text; words != c.want || string(got.At) != c.at {
				t.Fatalf("got  %q %s\nwant %q %s", words, got.At, c.want, c.at)
			}
			if size := NewRobotSender(RobotConfig{}).Size(c.m, c.who); size != len(body)-len(`,"msgUuid":"u"`) {
				t.Fatalf("%d bytes counted, %d sent", size, len(body))
			}
		})
	}
}

func TestLinksAndFeedsMentionNobody(t *testing.T) {
	t.Parallel()
	for _, m := range []broadcast.Message{{Link: &broadcast.Link{}}, {FeedCard: &broadcast.FeedCard{}}} {
		body, err := encodeMessage(m, broadcast.Mentions{All: true, UserIDs: []string{"u"}}, "")
		if err != nil || strings.Contains(string(body), "@u") || strings.Contains(string(body), `"at"`) {
			t.Errorf("got %s, %v", body, err)
		}
	}
}

func TestAMessageWithoutContentIsRefusedUnsent(t *testing.T) {
	t.Parallel()
	s := NewRobotSender(RobotConfig{})
	if size := s.Size(broadcast.Message{}, broadcast.Mentions{}); size != 0 {
		t.Fatalf("got %d", size)
	}
	if _, err := encodeMessage(broadcast.Message{}, broadcast.Mentions{}, "u"); err == nil {
		t.Fatal("a message without content was encoded")
	}
}

func FuzzReceipt(f *testing.F) {
	for _, body := range []string{
		`{"errcode":0,"errmsg":"ok"}`, `{"errcode":"310000","errmsg":"access_token=hush-hush-token"}`, `{"status":1111,"wait":5}`,
		`{"errcode":88,"sub_code":"90018","sub_msg":"x"}`, `<html>`, "", `{"errcode":1e400}`, `{"errcode":"hush-hush-token"}`,
	} {
		f.Add(200, []byte(body))
	}
	const token = "hush-hush-token"
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		r := readReceipt(status, body, newScrubber(token, "", "sig+/="))
		switch r.Outcome {
		case broadcast.Accepted:
			if status < 200 || status > 299 || r.PlatformCode != "0" {
				t.Fatalf("HTTP %d %q was taken for a success", status, body)
			}
		case broadcast.Throttled, broadcast.Retryable, broadcast.Refused:
		default:
			t.Fatalf("an answer cannot be %q", r.Outcome)
		}
		for _, text := range []string{r.PlatformCode, r.PlatformMessage} {
			if len(text) > maxPlatformMessage || strings.Contains(text, token) || strings.ToValidUTF8(text, "") != text || strings.ContainsRune(text, 0) {
				t.Fatalf("%q cannot be stored", text)
			}
		}
	})
}

func FuzzMentions(f *testing.F) {
	f.Add("hi @user123", "user123", "+8613800138000")
	f.Add("@@a", "@a", "")
	f.Fuzz(func(t *testing.T, text, user, phone string) {
		m := broadcast.Message{Text: &broadcast.Text{Content: text}}
		who := broadcast.Mentions{UserIDs: []string{user}, Phones: []string{phone}}
		w, err := toWire(m, who)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(w.Text.Content, text) {
			t.Fatalf("the text was changed: %q to %q", text, w.Text.Content)
		}
		if w.At != nil {
			for _, name := range append(w.At.AtMobiles, w.At.AtUserIDs...) {
				if !strings.Contains(w.Text.Content, "@"+name) {
					t.Fatalf("%q does not name %q", w.Text.Content, name)
				}
			}
		}
		body, err := encodeMessage(m, who, "")
		if err != nil || NewRobotSender(RobotConfig{}).Size(m, who) != len(body) || !json.Valid(body) {
			t.Fatalf("got %q, %v", body, err)
		}
	})
}
