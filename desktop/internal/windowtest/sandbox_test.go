//go:build xvfb

package windowtest

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// box is the sandbox of a running program, reached as a program on the same computer reaches it.
type box struct {
	t    *testing.T
	base string
}

func (p *program) box() box {
	p.t.Helper()
	return box{p.t, "http://" + strings.TrimPrefix(p.logged("msg=\"sandbox listening\" "), "address=") + "/sandbox/api/"}
}

func (b box) call(method, path, body string, into any) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %d %s %v", path, answer.StatusCode, text, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		b.t.Fatalf("%s: %s: %v", path, text, err)
	}
}

// push lets the company's directory change, which DingTalk tells.
func (b box) push(event, data string) {
	b.t.Helper()
	var answer struct {
		Delivered bool
		Answer    string
	}
	b.call(http.MethodPost, "events", `{"eventType":"`+event+`","data":`+data+`}`, &answer)
	if !answer.Delivered || answer.Answer != "success" {
		b.t.Fatalf("the push was answered %+v", answer)
	}
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code gives the login code that the group chat shows last.
func (b box) code() string {
	b.t.Helper()
	var said []struct{ Body json.RawMessage }
	for range 200 {
		b.call(http.MethodGet, "messages?robot=ops", "", &said)
		if len(said) > 0 {
			if code := sixDigits.FindString(string(said[len(said)-1].Body)); code != "" {
				return code
			}
		}
	}
	b.t.Fatal("no code in the chat")
	return ""
}
