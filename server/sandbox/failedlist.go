package sandbox

import (
	"net/http"
	"strings"
)

const (
	failedResultPath = "/call_back/get_call_back_failed_result"
	// failedPage is how many lost events one call returns at most.
	failedPage = 200
	// mostFailed bounds the list; the oldest go first.
	mostFailed = 10_000
)

// giveUp puts an event into the list of lost ones. The caller holds u.mu.
func (u *pusher) giveUp(e event) {
	u.failed = append(u.failed, e)
	if len(u.failed) > mostFailed {
		u.failed = append([]event(nil), u.failed[len(u.failed)-mostFailed:]...)
	}
}

// takeFailed returns the oldest lost events and forgets them: the platform's
// has_more without a cursor implies as much (protocols.md §4.5).
func (u *pusher) takeFailed() (list []event, more bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := min(len(u.failed), failedPage)
	list = u.failed[:n:n]
	u.failed = u.failed[n:]
	return list, len(u.failed) > 0
}

// failedResult is GET /call_back/get_call_back_failed_result of the old host.
func (s *Sandbox) failedResult(w http.ResponseWriter, r *http.Request, _ call) {
	if r.Method != http.MethodGet {
		writeOld(w, s.options.get(), codeNotGet, "需要GET请求")
		return
	}
	if !s.checkAppToken(w, r) {
		return
	}
	list, more := s.pusher.takeFailed()
	items := make([]map[string]any, len(list))
	for i, e := range list {
		items[i] = e.failedItem(s.creds.DingTalk.CorpID)
	}
	write(w, http.StatusOK, jsonType, encodeJSON(map[string]any{
		"errcode": errcode(s.options.get(), codeOK), "errmsg": "ok", "has_more": more, "failed_list": items,
	}))
}

// failedItem has the shape its kind of event has in that list (protocols.md §4.5).
func (e event) failedItem(corpID string) map[string]any {
	inner := map[string]any{"corpid": corpID}
	switch e.style() {
	case styleContact:
		for k, v := range e.data {
			if low := strings.ToLower(k); low != "eventid" {
				inner[low] = v
			}
		}
	case styleApproval:
		inner["bpmsCallBackData"] = e.own()
	case styleLabel:
		inner["roleLabelChange"] = e.own()
	default:
		inner["callbackData"] = e.own()
	}
	return map[string]any{e.kind: inner, "call_back_tag": e.kind, "event_time": e.at.UnixMilli()}
}

// own is the event's data without the id the sandbox lets callers choose.
func (e event) own() map[string]any {
	own := make(map[string]any, len(e.data))
	for k, v := range e.data {
		if !strings.EqualFold(k, "eventid") {
			own[k] = v
		}
	}
	return own
}
