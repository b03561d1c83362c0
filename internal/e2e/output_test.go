package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// output collects what a process writes, by lines, and lets tests wait for one.
type output struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed and replaced at every write
}

// newQuietOutput is for programs that may print secrets: clients print what they are answered.
func newQuietOutput() *output { return &output{changed: make(chan struct{})} }

// newOutput is for the program under test.
func newOutput() *output {
	o := newQuietOutput()
	everything.mu.Lock()
	defer everything.mu.Unlock()
	everything.outputs = append(everything.outputs, o)
	return o
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(b)
	close(o.changed)
	o.changed = make(chan struct{})
	return len(b), nil
}

func (o *output) String() string {
	text, _ := o.snapshot()
	return text
}

// snapshot gives the text so far and a channel that closes when there is more.
func (o *output) snapshot() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.changed
}

// lines gives the complete lines so far.
func (o *output) lines() []string {
	text := o.String()
	text = text[:strings.LastIndexByte(text, '\n')+1]
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// find waits for the pattern and gives its groups; nil when ended closes before it came.
func (o *output) find(pattern *regexp.Regexp, ended <-chan struct{}) []string {
	for {
		text, more := o.snapshot()
		if found := pattern.FindStringSubmatch(text); found != nil {
			return found
		}
		select {
		case <-more:
		case <-ended:
			return pattern.FindStringSubmatch(o.String())
		}
	}
}

// everything remembers all that any process of the tests printed, and every secret they used.
var everything transcript

type transcript struct {
	mu      sync.Mutex
	outputs []*output
	secrets map[string]string // value → what it is
}

// secret notes a value that no process may print.
func secret(what, value string) string {
	if value == "" {
		return value
	}
	everything.mu.Lock()
	defer everything.mu.Unlock()
	if everything.secrets == nil {
		everything.secrets = map[string]string{}
	}
	everything.secrets[value] = what
	return value
}

// leaks names the secrets that were printed, without printing them again.
func (e *transcript) leaks() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []string
	for _, o := range e.outputs {
		text := o.String()
		for value, what := range e.secrets {
			for _, line := range strings.Split(text, "\n") {
				if holds(line, value) {
					found = append(found, fmt.Sprintf("%s in: %s", what, strings.ReplaceAll(line, value, "[…]")))
					break
				}
			}
		}
	}
	return found
}

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

// holds tells whether the line shows the value. Six digits occur by chance within longer numbers.
func holds(line, value string) bool {
	if !sixDigits.MatchString(value) {
		return strings.Contains(line, value)
	}
	return regexp.MustCompile(`(^|[^0-9.])` + value + `($|[^0-9])`).MatchString(line)
}

// wantJSONLines fails the test unless every line is one JSON object of the logger.
func wantJSONLines(t *testing.T, lines []string) {
	t.Helper()
	for _, line := range lines {
		var entry struct {
			Time, Level, Msg string
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Time == "" || entry.Level == "" || entry.Msg == "" {
			t.Errorf("this line of standard error is no log entry: %s", line)
			return
		}
	}
}
