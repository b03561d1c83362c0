package broadcast

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/errs"
)

func TestMessagesAreCheckedFieldByField(t *testing.T) {
	t.Parallel()
	const page = "https://example.com/a?b=c"
	card := func(change func(*ActionCard)) Message {
		a := ActionCard{Title: "t", Text: "x", Single: &Button{"read", page}}
		change(&a)
		return Message{ActionCard: &a}
	}
	links := func(n int) []FeedLink { return slices.Repeat([]FeedLink{{"t", page, page}}, n) }
	buttons := func(n int) []Button { return slices.Repeat([]Button{{"b", page}}, n) }
	cases := map[string]struct {
		message Message
		faults  []string
	}{
		"nothing":    {Message{}, []string{"message"}},
		"two kinds":  {Message{Text: &Text{"x"}, Markdown: &Markdown{"t", "x"}}, []string{"message"}},
		"text":       {Message{Text: &Text{"两行\n\t字 😀\r\n"}}, nil},
		"empty text": {Message{Text: &Text{" \n "}}, []string{"message.text.content"}},
		"text with NUL": {
			Message{Text: &Text{"a\x00"}}, []string{"message.text.content"},
		},
		"text with an escape sequence": {Message{Text: &Text{"\x1b[31m"}}, []string{"message.text.content"}},
		"text that is not UTF-8":       {Message{Text: &Text{"\xff"}}, []string{"message.text.content"}},
		"markdown":                     {Message{Markdown: &Markdown{"t", "# x\n> y"}}, nil},
		"markdown without anything":    {Message{Markdown: &Markdown{}}, []string{"message.markdown.text", "message.markdown.title"}},
		"markdown with a title of two lines": {
			Message{Markdown: &Markdown{"a\nb", "x"}}, []string{"message.markdown.title"},
		},
		"link":                  {Message{Link: &Link{"t", "x", page, page}}, nil},
		"link without picture":  {Message{Link: &Link{"t", "x", page, ""}}, nil},
		"link without anything": {Message{Link: &Link{}}, []string{"message.link.messageUrl", "message.link.text", "message.link.title"}},
		"link to a script":      {Message{Link: &Link{"t", "x", "javascript:alert(1)", "file:///etc/passwd"}}, []string{"message.link.messageUrl", "message.link.picUrl"}},
		"link inside DingTalk":  {Message{Link: &Link{"t", "x", "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fexample.com&pc_slide=false", ""}}, nil},
		"card with one button":  {card(func(*ActionCard) {}), nil},
		"card with buttons":     {card(func(a *ActionCard) { a.Single, a.Buttons = nil, buttons(2) }), nil},
		"card with 50 buttons":  {card(func(a *ActionCard) { a.Single, a.Buttons = nil, buttons(50) }), nil},
		"card with 51 buttons":  {card(func(a *ActionCard) { a.Single, a.Buttons = nil, buttons(51) }), []string{"message.actionCard.buttons"}},
		"card with both":        {card(func(a *ActionCard) { a.Buttons = buttons(1) }), []string{"message.actionCard.buttons"}},
		"card with neither":     {card(func(a *ActionCard) { a.Single = nil }), []string{"message.actionCard.buttons"}},
		"card without words":    {card(func(a *ActionCard) { a.Title, a.Text = "", "" }), []string{"message.actionCard.text", "message.actionCard.title"}},
		"card with a bad single": {
			card(func(a *ActionCard) { a.Single = &Button{"", "ftp://x"} }),
			[]string{"message.actionCard.single.title", "message.actionCard.single.url"},
		},
		"card with a bad second button": {
			card(func(a *ActionCard) { a.Single, a.Buttons = nil, []Button{{"a", page}, {"b", ""}} }),
			[]string{"message.actionCard.buttons.1.url"},
		},
		"feed card":                  {Message{FeedCard: &FeedCard{links(1)}}, nil},
		"feed card without links":    {Message{FeedCard: &FeedCard{}}, []string{"message.feedCard.links"}},
		"feed card with 51 links":    {Message{FeedCard: &FeedCard{links(51)}}, []string{"message.feedCard.links"}},
		"feed card without pictures": {Message{FeedCard: &FeedCard{[]FeedLink{{"t", page, ""}}}}, []string{"message.feedCard.links.0.picUrl"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkMessage(c.message)
			if len(c.faults) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e, ok := errors.AsType[*errs.Error](err)
			if !ok || !errors.Is(err, ErrMessageInvalid) {
				t.Fatalf("got %v", err)
			}
			var fields []string
			for f := range e.Fields {
				fields = append(fields, f)
			}
			slices.Sort(fields)
			if !slices.Equal(fields, c.faults) {
				t.Fatalf("fields %v, want %v", fields, c.faults)
			}
		})
	}
	if len(ErrMessageInvalid.Fields) != 0 {
		t.Error("the shared error was changed")
	}
}

func TestURLsThatOpen(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"http://a":                           true,
		"HTTPS://例子.中国/路?x=1#y":              true,
		"dingtalk://dingtalkclient/action/x": true,
		"https://":                           false,
		"//a/b":                              false,
		"a.com":                              false,
		"https:a.com":                        false,
		"data:text/html,x":                   false,
		"https://a/ b":                       false,
		"https://a/\nb":                      false,
		"https://a/\u3000b":                  false,
		"https://[::1":                       false,
		"https://a/%zz":                      false,
		"https://a/" + strings.Repeat("x", 4096-10):   true,
		"https://a/" + strings.Repeat("x", 4096-10+1): false,
	} {
		if got := openable(raw); got != want {
			t.Errorf("openable(%.40q) = %v", raw, got)
		}
	}
}

func TestPhonesInManyForms(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"13800000001":           "13800000001",
		"+8613800000001":        "13800000001",
		"+86 (138) 0000-0001":   "13800000001",
		"008613800000001":       "13800000001",
		"8613800000001":         "13800000001",
		"86234567890":           "86234567890", // eleven digits of its own
		"+14155550123":          "14155550123",
		"+852-61234567":         "85261234567",
		"1234":                  "",
		"":                      "",
		"123456789012345678901": "",
		"138+0000":              "",
		"１３８００００００１":            "",
		"zhangsan":              "",
	} {
		got, ok := normalPhone(raw)
		if ok != (want != "") || ok && got != want {
			t.Errorf("normalPhone(%q) = %q %v, want %q", raw, got, ok, want)
		}
	}
}

func FuzzNormalPhone(f *testing.F) {
	for _, s := range []string{"+86 138 0000 0001", "0086", "+", "86861234567890"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		phone, ok := normalPhone(raw)
		if !ok {
			return
		}
		if len(phone) < minPhone || len(phone) > maxPhone || strings.Trim(phone, "0123456789") != "" {
			t.Fatalf("%q became %q", raw, phone)
		}
	})
}

func FuzzOpenable(f *testing.F) {
	for _, s := range []string{"https://a/b", "dingtalk://x", "javascript:1", "https://a\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if !openable(raw) {
			return
		}
		lower := strings.ToLower(raw)
		if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "dingtalk://") {
			t.Fatalf("%q is openable", raw)
		}
	})
}
