package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posthouse/posthouse/internal/account"
)

const (
	loginConnections = 8
	loginRounds      = 3
	loginRound       = 6 * time.Second
	// viewerPause makes the other client one that asks and looks, not one that floods.
	viewerPause = 10 * time.Millisecond
)

// measureLogins compares sign-ins with the password hash alone, at the same concurrency, in alternating
// rounds, while another client asks for its viewer.
func measureLogins(ctx context.Context, s settings, t *table) (err error) {
	h, err := s.open(ctx, "logins")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	token, err := h.administrator(ctx)
	if err != nil {
		return err
	}
	requests := make([][]byte, loginConnections)
	for i := range requests {
		username := fmt.Sprintf("person%d", i)
		if err := h.createAccount(ctx, username, fmt.Sprintf("+861390000%04d", i), "member"); err != nil {
			return err
		}
		body, err := question(loginMutation, loginInput(username))
		if err != nil {
			return err
		}
		requests[i] = post(h.address, "/graphql", "application/json", "", body)
	}
	var ratios, hashes, logins []float64
	var others []loaded
	for range loginRounds {
		alone, err := hashRate(ctx, s)
		if err != nil {
			return err
		}
		signing, others1, err := loginRoundOf(ctx, h, requests, token)
		if err != nil {
			return err
		}
		ratios = append(ratios, signing.perSecond()/alone)
		hashes, logins, others = append(hashes, alone), append(logins, signing.perSecond()), append(others, others1)
	}
	worst := time.Duration(0)
	for _, o := range others {
		worst = max(worst, o.at(0.99))
	}
	t.judged(median(ratios) >= 0.90, fmt.Sprintf("logins (password alone, %d at a time), of what the hash alone allows", loginConnections), "≥ 90 %",
		"**%.0f %%** (%.1f of %.1f/s)", 100*median(ratios), median(logins), median(hashes))
	t.judged(worst < 50*time.Millisecond, "another client's `viewer` meanwhile", "p99 < 50 ms", "p50 %s, p99 **%s**", ms(others[0].at(0.5)), ms(worst))
	return nil
}

func loginRoundOf(ctx context.Context, h *house, requests [][]byte, token string) (signing, viewing loaded, err error) {
	viewer, err := question(shortViewer, nil)
	if err != nil {
		return loaded{}, loaded{}, err
	}
	request := post(h.address, "/graphql", "application/json", token, viewer)
	var both sync.WaitGroup
	var signErr, viewErr error
	both.Go(func() {
		signing, signErr = load{
			address: h.address, connections: loginConnections, lasts: h.settings.lasting(loginRound),
			next: func(i int) []byte { return requests[i] }, check: answeredWith(`{"data":{"login":{"session":{"accessToken":"`),
		}.run(ctx)
	})
	both.Go(func() {
		viewing, viewErr = load{
			address: h.address, connections: 1, lasts: h.settings.lasting(loginRound), pause: viewerPause,
			next: func(int) []byte { return request }, check: answeredWith(`{"data":{"viewer":{"id":"`),
		}.run(ctx)
	})
	both.Wait()
	return signing, viewing, errors.Join(signErr, viewErr)
}

func answeredWith(prefix string) func(int, []byte) error {
	return func(status int, body []byte) error {
		if status != http.StatusOK || !strings.HasPrefix(string(body), prefix) {
			return fmt.Errorf("answered %d: %s", status, body)
		}
		return nil
	}
}

// hashRate runs the hash in a process of its own, so that its heap is not this one's.
func hashRate(ctx context.Context, s settings) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, self, "hash", s.lasting(loginRound).String()).Output()
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// hashAlone verifies one password as often as it can and prints how many times a second that was.
func hashAlone(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("hash needs a duration")
	}
	lasts, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	hasher, err := account.NewHasher(account.HasherConfig{})
	if err != nil {
		return err
	}
	hash, err := hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	var verified atomic.Int64
	var failure atomic.Pointer[error]
	var all sync.WaitGroup
	begun := time.Now()
	for range loginConnections {
		all.Go(func() {
			for ctx.Err() == nil {
				ok, _, err := hasher.Verify(context.WithoutCancel(ctx), hash, password)
				if err == nil && !ok {
					err = errors.New("the hash does not verify")
				}
				if err != nil {
					failure.Store(&err)
					return
				}
				verified.Add(1)
			}
		})
	}
	all.Wait()
	if err := failure.Load(); err != nil {
		return *err
	}
	_, err = fmt.Fprintf(out, "%f\n", float64(verified.Load())/time.Since(begun).Seconds())
	return err
}
