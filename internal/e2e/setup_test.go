package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var setUpLine = regexp.MustCompile(`(http://\S+)/setup#token=(\S+)\n`)

const setUpOp = `mutation($input: SetUpOwnerInput!) { setUpOwner(input: $input) { session { accessToken refreshToken expiresAt } account { id } } }`

// setUpToken gives the token of the link that the last start has printed.
func (h *house) setUpToken() string {
	h.t.Helper()
	found := h.stdout.find(setUpLine, h.ended)
	if found == nil {
		h.t.Fatalf("no link was printed:\n%s", h.stdout)
	}
	if found[1] != h.URL {
		h.t.Errorf("the link leads to %s, the server is at %s", found[1], h.URL)
	}
	return found[2]
}

// TestTheFirstOwnerComesInByThePrintedLink starts without an owner, twice, and makes one.
func TestTheFirstOwnerComesInByThePrintedLink(t *testing.T) {
	t.Parallel()
	h := startHouse(t, setup{Config: "login:\n  factors: [PASSWORD]\n  registration_closed: true\n"})
	input := func(token string) vars {
		return vars{"input": vars{"token": token, "username": "boss", "password": "a long enough passphrase 42", "phone": "13900000000"}}
	}
	former := h.setUpToken()
	h.stop()
	h.start()
	token := h.setUpToken()
	for _, wrong := range []string{former, "", token + "x"} {
		answer, err := h.client().try(setUpOp, input(wrong))
		check(t, err)
		if answer.reason() != "setup.token_invalid" {
			t.Errorf("a token that is not good gave %+v", answer)
		}
	}
	var out struct{ SetUpOwner struct{ Session tokens } }
	h.client().ask(t, setUpOp, input(token), &out)
	owner := h.client().as(out.SetUpOwner.Session.AccessToken)
	var who struct{ Viewer struct{ Roles []string } }
	owner.ask(t, viewerOp, nil, &who)
	if len(who.Viewer.Roles) != 1 || who.Viewer.Roles[0] != "OWNER" {
		t.Errorf("got %+v", who)
	}
	again, err := h.client().try(setUpOp, input(token))
	check(t, err)
	if again.reason() != "setup.done" {
		t.Errorf("the second time gave %+v", again)
	}
	for _, secret := range []string{former, token} {
		if strings.Contains(h.stderr.String(), secret) {
			t.Error("the link was logged")
		}
	}
	h.stop()
	h.start()
	answer, err := web.Get(h.URL + "/healthz")
	check(t, err)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK || strings.Contains(h.stdout.String(), "setup#token") {
		t.Errorf("with an owner the server says:\n%s", h.stdout)
	}
}

var codesLine = regexp.MustCompile(`登录需要验证码(?s:.*)signing in wants a code(?s:.*)\n  (otp: .*)\n  (login: .*)\n`)

// TestWhoeverMakesTheOwnerIsToldWhenNoCodesCanBeSent starts without any setting, and then with the one that
// was printed.
func TestWhoeverMakesTheOwnerIsToldWhenNoCodesCanBeSent(t *testing.T) {
	t.Parallel()
	bare := startHouse(t, setup{})
	bare.setUpToken()
	hint := bare.stdout.find(codesLine, bare.ended)
	if hint == nil {
		t.Fatalf("no word of codes in:\n%s", bare.stdout)
	}
	var out struct{ House struct{ CodesDelivered bool } }
	bare.client().ask(t, `{ house { codesDelivered } }`, nil, &out)
	if out.House.CodesDelivered {
		t.Error("the API says that codes are delivered")
	}
	mended := startHouse(t, setup{Config: hint[2] + "\n"})
	mended.setUpToken()
	mended.client().ask(t, `{ house { codesDelivered } }`, nil, &out)
	if !out.House.CodesDelivered || codesLine.MatchString(mended.stdout.String()) {
		t.Errorf("with %s the server says:\n%s", hint[2], mended.stdout)
	}
}
