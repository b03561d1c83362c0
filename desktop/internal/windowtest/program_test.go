//go:build xvfb

package windowtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take; generous, for the machine may be busy.
const patience = 2 * time.Minute

// program is the program under test, running.
type program struct {
	t   *testing.T
	d   *display
	dir string
	cmd *exec.Cmd
	in  io.Writer

	answers chan json.RawMessage
	ended   chan struct{}
	asked   int
	main    string
	last    string // dialog

	mu  sync.Mutex
	log bytes.Buffer
}

type starting struct {
	// dir is the folder of the program; a new one when empty.
	dir  string
	args []string
	env  []string
}

// start starts the program and waits until its page has loaded.
func start(t *testing.T, d *display, s starting) *program {
	t.Helper()
	p := launch(t, d, s)
	p.until(`document.readyState === 'complete'`)
	return p
}

func launch(t *testing.T, d *display, s starting) *program {
	t.Helper()
	if s.dir == "" {
		s.dir = t.TempDir()
	}
	p := &program{t: t, d: d, dir: s.dir, answers: make(chan json.RawMessage, 16), ended: make(chan struct{})}
	p.cmd = exec.Command(binary, append([]string{"--dir", s.dir}, s.args...)...)
	// The web view keeps its own things below HOME.
	p.cmd.Env = append(append([]string{"HOME=" + s.dir, "LANG=zh_CN.UTF-8", "LANGUAGE=zh_CN"}, d.env...), s.env...)
	p.cmd.Stderr = p
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 8<<20)
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "probe "); ok {
				p.answers <- json.RawMessage(text)
			}
		}
	}()
	go func() {
		<-heard
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("the program said:\n%s", p.said())
		}
	})
	return p
}

// Write takes what the program logs.
func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(text)
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// value gives what an expression is in the page, or a promise of it becomes. A page that is left while it
// is asked never answers, so the question is put again.
func (p *program) value(expression string) any {
	p.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		p.asked++
		id := p.asked
		line := strings.ReplaceAll(fmt.Sprintf(`(async () => [%d, await (%s)])()`, id, expression), "\n", " ")
		if _, err := io.WriteString(p.in, line+"\n"); err != nil {
			p.t.Fatalf("the program has ended: %v", err)
		}
		again := time.NewTimer(3 * time.Second)
	waiting:
		for {
			select {
			case raw := <-p.answers:
				var answer struct {
					Value []any
					Error string
				}
				if err := json.Unmarshal(raw, &answer); err != nil {
					p.t.Fatalf("%s: %v", raw, err)
				}
				if answer.Error != "" {
					p.t.Fatalf("%s: %s", expression, answer.Error)
				}
				if len(answer.Value) == 2 && answer.Value[0] == float64(id) {
					again.Stop()
					return answer.Value[1]
				}
			case <-again.C:
				break waiting
			case <-p.ended:
				p.t.Fatal("the program has ended")
			case <-deadline.C:
				p.d.picture(p.t, "failed-"+filepath.Base(p.t.Name()))
				p.t.Fatalf("the page does not answer: %s", expression)
			}
		}
	}
}

// until waits until an expression is true in the page. It may be undefined on the way.
func (p *program) until(expression string) {
	p.t.Helper()
	end := time.Now().Add(patience)
	// Two seconds at a time: less than the page has to answer in.
	wait := `new Promise((done) => { const began = Date.now(); const look = () => { let now = false; try { now = Boolean(` + expression + `) } catch (notYet) {}
		if (now || Date.now() - began > 2000) done(now); else setTimeout(look, 50) }; look() })`
	for time.Now().Before(end) {
		if p.value(wait) == true {
			return
		}
	}
	p.d.picture(p.t, "failed-"+filepath.Base(p.t.Name()))
	p.t.Fatalf("never true: %s\nthe page at %v says:\n%v", expression, p.value(`location.href`), p.value(`document.body.innerText`))
}

// see waits until the page shows a text.
func (p *program) see(text string) {
	p.t.Helper()
	p.until(`document.body.innerText.includes(` + strconv.Quote(text) + `)`)
}

// click clicks with the mouse in the middle of the first element of the selector that contains the text.
func (p *program) click(selector, text string) {
	p.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll(%q)].find((e) => e.innerText.replace(/\s/g, '').includes(%q) && !e.disabled && e.getBoundingClientRect().height > 0)`,
		selector, strings.ReplaceAll(text, " ", ""))
	p.until(find)
	// The page begins below the menu; the window's own edge is not drawn without a window manager.
	at, _ := p.value(`(() => { const e = ` + find + `; e.scrollIntoView({ block: 'nearest' }); const r = e.getBoundingClientRect();
		return [screenX + r.x + r.width / 2, screenY + (outerHeight - innerHeight) + r.y + r.height / 2] })()`).([]any)
	if len(at) != 2 {
		p.t.Fatalf("no %s with %q", selector, text)
	}
	x, y := int(at[0].(float64)), int(at[1].(float64))
	p.d.x(p.t, "xdotool", "mousemove", "--sync", strconv.Itoa(x), strconv.Itoa(y), "click", "1")
}

// typeInto clicks into a field and types.
func (p *program) typeInto(name, text string) {
	p.t.Helper()
	field := fmt.Sprintf(`input[name=%s]`, name)
	p.click(field, "")
	p.until(fmt.Sprintf(`document.activeElement === document.querySelector(%q)`, field))
	p.d.x(p.t, "xdotool", "type", "--delay", "20", text)
	p.until(fmt.Sprintf(`document.querySelector(%q).value === %q`, field, text))
}

// windows are the ids of the windows that the program shows, for xdotool.
func (p *program) windows() []string {
	p.t.Helper()
	return strings.Fields(p.d.x(p.t, "xdotool", "search", "--sync", "--onlyvisible", "--pid", strconv.Itoa(p.cmd.Process.Pid), "--name", "."))
}

// window is the id of the program's window; the first that it opened.
func (p *program) window() string {
	p.t.Helper()
	if p.main == "" {
		p.main = p.windows()[0]
	}
	return p.main
}

// focus gives the window the keyboard, which a window manager would do.
func (p *program) focus() {
	p.t.Helper()
	p.d.x(p.t, "xdotool", "windowfocus", "--sync", p.window())
}

// dialog waits for a window that was not there before, gives it the keyboard and takes a picture.
func (p *program) dialog(picture string) {
	p.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		for _, id := range p.windows() {
			if id != p.window() && id != p.last {
				p.last = id
				p.d.x(p.t, "xdotool", "windowfocus", "--sync", id)
				p.d.picture(p.t, picture)
				return
			}
		}
	}
	p.d.picture(p.t, "failed-"+filepath.Base(p.t.Name()))
	p.t.Fatalf("no dialog for %s", picture)
}

// noDialog waits until the main window is the only one.
func (p *program) noDialog() {
	p.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if len(p.windows()) == 1 {
			p.focus()
			return
		}
	}
	p.t.Fatal("the dialog stays")
}

func (p *program) press(keys ...string) {
	p.t.Helper()
	p.d.x(p.t, "xdotool", append([]string{"key", "--delay", "40"}, keys...)...)
}

// quit asks the program to end, as a session that ends does, and gives its exit code.
func (p *program) quit() int {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	return p.exit()
}

func (p *program) exit() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatal("the program does not end")
		return -1
	}
}

// logged waits for a word of the log and gives what follows it on the line.
func (p *program) logged(word string) string {
	p.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if _, after, found := strings.Cut(p.said(), word); found {
			line, _, _ := strings.Cut(after, "\n")
			return line
		}
	}
	p.t.Fatalf("%q was never logged", word)
	return ""
}

// settings are those that the program left.
func (p *program) settings() (s struct {
	Mode   string
	Port   int
	Window struct{ X, Y, Width, Height int }
}) {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "window.json"))
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// freePort is a port that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return l.Addr().String()
}
