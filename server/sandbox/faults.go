package sandbox

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Kinds of Fault.
const (
	FaultThrottle  = "throttle"  // the platform's own "too fast" of that path
	FaultHTML      = "html"      // an HTML page in place of JSON, HTTP 200
	FaultSlow      = "slow"      // the answer comes after DelayMs of the sandbox's clock
	FaultReset     = "reset"     // the connection is reset, nothing was done
	FaultErrcode   = "errcode"   // Errcode is answered, nothing was done
	FaultDuplicate = "duplicate" // what was asked for happens twice
	FaultLostAck   = "lostAck"   // it was done, then the connection is reset
)

// EventsPath is the Fault.Path that stands for the event pusher. It takes
// duplicate (a delivered event is pushed again), lostAck (the answer of a push
// does not arrive, so the platform pushes again later) and reset (a push does not
// reach its address).
const EventsPath = "/sandbox/api/events"

const (
	mostFaults      = 100
	defaultFaultLag = 30 * time.Second
	mostFaultLag    = 10 * time.Minute
)

// Fault makes one path misbehave.
type Fault struct {
	// Path is compared exactly with the request's path.
	Path string `json:"path"`
	Kind string `json:"kind"`
	// Errcode is what kind errcode answers; 0 means -1. DingTalk's new host
	// has no errcodes and answers HTTP 500 unknownError.
	Errcode int `json:"errcode,omitempty"`
	// Times is how many calls it spoils; 0 means all until it is cleared.
	Times int `json:"times,omitempty"`
	// DelayMs is how long kind slow waits, in milliseconds; 0 means 30000.
	DelayMs int `json:"delayMs,omitempty"`
}

func (f Fault) validate() error {
	switch f.Kind {
	case FaultThrottle, FaultHTML, FaultSlow, FaultReset, FaultErrcode, FaultDuplicate, FaultLostAck:
	default:
		return fmt.Errorf("kind %q: must be throttle, html, slow, reset, errcode, duplicate or lostAck", f.Kind)
	}
	switch {
	case !strings.HasPrefix(f.Path, "/"):
		return fmt.Errorf("path %q: must begin with /", f.Path)
	case f.Path == EventsPath:
		if f.Kind != FaultDuplicate && f.Kind != FaultLostAck && f.Kind != FaultReset {
			return fmt.Errorf("path %s takes the kinds duplicate, lostAck and reset only", EventsPath)
		}
	case strings.HasPrefix(f.Path, "/sandbox"):
		return fmt.Errorf("path %q: only platform paths and %s can misbehave", f.Path, EventsPath)
	case f.Kind == FaultDuplicate && f.Path != robotSendPath:
		return fmt.Errorf("kind duplicate is for %s and %s", robotSendPath, EventsPath)
	}
	switch {
	case f.Times < 0:
		return errors.New("times: must not be negative")
	case f.DelayMs < 0 || f.DelayMs > int(mostFaultLag.Milliseconds()):
		return fmt.Errorf("delayMs: must be from 0 to %d", mostFaultLag.Milliseconds())
	case f.DelayMs != 0 && f.Kind != FaultSlow:
		return errors.New("delayMs belongs to kind slow")
	case f.Errcode != 0 && f.Kind != FaultErrcode:
		return errors.New("errcode belongs to kind errcode")
	}
	return nil
}

// faultBox holds the faults in force. Without any, take costs one atomic load.
type faultBox struct {
	some atomic.Bool
	mu   sync.Mutex
	list []Fault
}

func (b *faultBox) set(list []Fault) error {
	if len(list) > mostFaults {
		return fmt.Errorf("at most %d faults", mostFaults)
	}
	for i, f := range list {
		if err := f.validate(); err != nil {
			return fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append([]Fault{}, list...)
	b.some.Store(len(list) > 0)
	return nil
}

func (b *faultBox) all() []Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Fault{}, b.list...)
}

// take uses up one time of the first fault of that path; with kinds, of the
// first of one of those.
func (b *faultBox) take(path string, kinds ...string) (Fault, bool) {
	if !b.some.Load() {
		return Fault{}, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, f := range b.list {
		if f.Path != path || len(kinds) > 0 && !slices.Contains(kinds, f.Kind) {
			continue
		}
		switch f.Times {
		case 0: // without end
		case 1:
			b.list = append(b.list[:i:i], b.list[i+1:]...)
			b.some.Store(len(b.list) > 0)
		default:
			b.list[i].Times--
		}
		return f, true
	}
	return Fault{}, false
}

// SetFaults replaces all faults in force. It fails, and changes nothing, when one
// of them has no meaning. Of several for one path the first is used up first.
func (s *Sandbox) SetFaults(faults []Fault) error { return s.faults.set(faults) }

// Faults returns the faults in force with the times they have left.
func (s *Sandbox) Faults() []Fault { return s.faults.all() }

// ClearFaults ends all misbehaviour.
func (s *Sandbox) ClearFaults() { _ = s.faults.set(nil) } // an empty list always holds

func (s *Sandbox) serveFault(f Fault, serve platformFunc, w http.ResponseWriter, r *http.Request) {
	switch f.Kind {
	case FaultThrottle:
		s.writeThrottled(w, r.URL.Path)
	case FaultHTML:
		write(w, http.StatusOK, htmlType, []byte("<!DOCTYPE html><html><head><title>Forbidden</title></head><body><h1>您的访问过于频繁，请稍后再试</h1></body></html>"))
	case FaultSlow:
		lag := defaultFaultLag
		if f.DelayMs > 0 {
			lag = time.Duration(f.DelayMs) * time.Millisecond
		}
		if s.clock.sleep(r.Context(), s.closed, lag) {
			serve(w, r, call{})
			return
		}
		reset(w)
	case FaultReset:
		reset(w)
	case FaultErrcode:
		s.writeFaultCode(w, r.URL.Path, f.Errcode)
	case FaultDuplicate:
		serve(w, r, call{duplicate: true})
	case FaultLostAck:
		serve(&deafWriter{header: http.Header{}}, r, call{})
		reset(w)
	}
}

// writeThrottled answers as each host does when it is called too often
// (protocols.md §1.7, §5.7, §7.1).
func (s *Sandbox) writeThrottled(w http.ResponseWriter, path string) {
	opts := s.options.get()
	switch {
	case path == robotSendPath:
		writeOld(w, opts, opts.ThrottleCode, errcodeText(opts.ThrottleCode))
	case hostOf(path) == hostNew:
		writeNew(w, http.StatusForbidden, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "应用调用该接口过于频繁")
	case hostOf(path) == hostWeChat:
		s.writeWechatError(w, wechatType(path), wxTooOften, wechatErrmsg(wxTooOften))
	default:
		writeWrapped(w, opts, 90018, "应用调用该接口过于频繁")
	}
}

func (s *Sandbox) writeFaultCode(w http.ResponseWriter, path string, code int) {
	if code == 0 {
		code = codeBusy
	}
	switch hostOf(path) {
	case hostNew:
		writeNew(w, http.StatusInternalServerError, "unknownError", "未知错误")
	case hostWeChat:
		s.writeWechatError(w, wechatType(path), code, wechatErrmsg(code))
	default:
		writeOld(w, s.options.get(), code, errcodeText(code))
	}
}

func wechatType(path string) string {
	if path == "/sns/jscode2session" {
		return wechatText
	}
	return wechatJSON
}

// reset ends the connection so that the client sees a reset, not an end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// No hijacking (HTTP/2, a wrapped writer): net/http cuts it off.
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// deafWriter swallows an answer that will not arrive.
type deafWriter struct{ header http.Header }

func (d *deafWriter) Header() http.Header         { return d.header }
func (d *deafWriter) Write(b []byte) (int, error) { return len(b), nil }
func (d *deafWriter) WriteHeader(int)             {}
