package e2e

import (
	"strings"
	"sync"
	"testing"
)

// TestADatabaseThatAnotherProcessHoldsIsWaitedForAndNamed holds a write lock longer than the server
// waits for it.
func TestADatabaseThatAnotherProcessHoldsIsWaitedForAndNamed(t *testing.T) {
	t.Parallel()
	p := startPlatform(t)
	h, admin := startWithOwner(t, p, setup{})
	push := p.pusher(h)
	check(t, push.push(t.Context(), "before", "user_add_org"))

	held, err := openDatabase(t, h.setup.Data).Begin() // immediate: it has the lock from here on
	check(t, err)
	newcomer := vars{"input": vars{"username": "newcomer", "password": secret("a password", "a new person's password"), "phone": "13900000077"}}
	var together sync.WaitGroup
	together.Go(func() {
		e := h.client().refused(t, registerOp, newcomer)
		if e.Extensions.Code != "UNAVAILABLE" || e.Extensions.Reason != "store.busy" || strings.Contains(e.Message, "SQL") {
			t.Errorf("register is answered %+v", e)
		}
	})
	together.Go(func() {
		if err := push.push(t.Context(), "during", "user_add_org"); err == nil || !strings.Contains(err.Error(), "503") || !strings.Contains(err.Error(), "callback.not_stored") {
			t.Errorf("a push is answered %v", err)
		}
	})
	together.Go(func() { // readers are not in anybody's way
		admin.ask(t, viewerOp, nil, nil)
		if got := ids(t, admin.eventLog(t)); len(got) != 1 {
			t.Errorf("the log shows %v", got)
		}
	})
	together.Go(func() {
		posthouse(t, "a password of no consequence\n", nil, "account", "create", "--username", "third", "--phone", "13900000078",
			"--password-stdin", "--data", h.setup.Data).wantRefusal(t, "The database is busy")
	})
	together.Wait()
	check(t, held.Rollback())

	// Nothing was half-written: the same again is new.
	var out struct{ Register struct{ Session tokens } }
	h.client().ask(t, registerOp, newcomer, &out)
	out.Register.Session.hush()
	check(t, push.push(t.Context(), "during", "user_add_org"))
	check(t, push.push(t.Context(), "after", "user_add_org"))
	if got := strings.Join(ids(t, admin.eventLog(t)), " "); got != "before during after" {
		t.Errorf("the log holds %s", got)
	}
	if code := h.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
