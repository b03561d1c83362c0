package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

const (
	startRuns  = 11
	idleSettle = 5 * time.Second
)

// measureStart times from starting the program to its first GraphQL answer, on a database that exists.
func measureStart(ctx context.Context, s settings, t *table) error {
	if err := prepareStart(ctx, s); err != nil {
		return err
	}
	var took []time.Duration
	for range max(3, s.many(startRuns)) {
		one, err := startOnce(ctx, s)
		if err != nil {
			return err
		}
		took = append(took, one)
	}
	slices.Sort(took)
	h, err := s.open(ctx, "start")
	if err != nil {
		return err
	}
	if err := errors.Join(pause(ctx, s.lasting(idleSettle))); err != nil {
		return errors.Join(err, h.stop())
	}
	idle, err := h.memory()
	if err := errors.Join(err, h.stop()); err != nil {
		return err
	}
	binary, err := os.Stat(s.binary)
	if err != nil {
		return err
	}
	t.judged(took[len(took)-1] < 200*time.Millisecond, "start to first answer, existing database", "< 200 ms",
		"median **%s**, slowest %s of %d", ms(took[len(took)/2]), ms(took[len(took)-1]), len(took))
	t.judged(idle < 60<<20, "idle memory (RSS)", "< 60 MiB", "**%s**", mib(idle))
	t.judged(binary.Size() < 60<<20, "the binary", "< 60 MiB", "**%s**", mib(binary.Size()))
	return nil
}

// prepareStart leaves a database with an account, a session and some events.
func prepareStart(ctx context.Context, s settings) (err error) {
	h, err := s.open(ctx, "start")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	if _, err := h.administrator(ctx); err != nil {
		return err
	}
	p, err := newPusher(h.address)
	if err != nil {
		return err
	}
	_, err = pushFor(ctx, p, "start", s.lasting(time.Second))
	return err
}

func startOnce(ctx context.Context, s settings) (time.Duration, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return 0, err
	}
	h := house{settings: s, data: s.dir + "/start", config: s.dir + "/config.yaml"}
	cmd := exec.CommandContext(ctx, s.binary, h.arguments(address)...)
	body, err := question(`{ __typename }`, nil)
	if err != nil {
		return 0, err
	}
	request := post(address, "/graphql", "application/json", "", body)
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	took, err := firstAnswer(ctx, address, request, begun)
	stopped := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
	return took, errors.Join(err, stopped)
}

// firstAnswer knocks until there is an answer.
func firstAnswer(ctx context.Context, address string, request []byte, begun time.Time) (time.Duration, error) {
	for time.Since(begun) < answerTimeout {
		w, err := dial(ctx, address)
		if err != nil {
			if err := pause(ctx, time.Millisecond); err != nil {
				return 0, err
			}
			continue
		}
		status, answer, err := w.do(request)
		w.close()
		if err != nil {
			return 0, err
		}
		if status != http.StatusOK {
			return 0, fmt.Errorf("answered %d: %s", status, answer)
		}
		return time.Since(begun), nil
	}
	return 0, errors.New("the server does not answer")
}
