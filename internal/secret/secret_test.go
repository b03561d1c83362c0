package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/internal/secret"
)

func ring(t *testing.T, keys ...[]byte) *secret.Ring {
	t.Helper()
	r, err := secret.NewRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealedValuesOpenOnlyForTheirPurposeOwnerAndKey(t *testing.T) {
	t.Parallel()
	key := secret.NewKey()
	r := ring(t, key)
	sealed := r.Seal("robot", "robt_1", []byte("SEC123"))
	if strings.Contains(sealed, "SEC123") {
		t.Fatal("the value shows through")
	}
	if plain, err := r.Open("robot", "robt_1", sealed); err != nil || string(plain) != "SEC123" {
		t.Fatalf("got %q, %v", plain, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"other purpose": func() ([]byte, error) { return r.Open("session", "robt_1", sealed) },
		"other owner":   func() ([]byte, error) { return r.Open("robot", "robt_2", sealed) },
		"other key":     func() ([]byte, error) { return ring(t, secret.NewKey()).Open("robot", "robt_1", sealed) },
		"altered":       func() ([]byte, error) { return r.Open("robot", "robt_1", sealed[:len(sealed)-2]+"zz") },
		"not sealed":    func() ([]byte, error) { return r.Open("robot", "robt_1", "SEC123") },
	} {
		if plain, err := open(); !errors.Is(err, secret.ErrOpen) {
			t.Errorf("%s: got %q, %v", name, plain, err)
		}
	}
}

func TestARotatedRingStillReadsWhatTheOldKeyMade(t *testing.T) {
	t.Parallel()
	old, fresh := secret.NewKey(), secret.NewKey()
	before, after := ring(t, old), ring(t, fresh, old)
	if plain, err := after.Open("p", "o", before.Seal("p", "o", []byte("x"))); err != nil || string(plain) != "x" {
		t.Fatalf("got %q, %v", plain, err)
	}
	if sealed := before.Seal("p", "o", nil); !before.IsNewest(sealed) || after.IsNewest(sealed) || !after.IsNewest(after.Seal("p", "o", nil)) {
		t.Fatal("the ring must know what its newest key has sealed")
	}
	stored := before.Hash("session", "token")
	if hashes := after.Hashes("session", "token"); hashes[0] == stored || hashes[1] != stored {
		t.Fatal("the old key's hash must be among the candidates, after the new key's")
	}
}

func TestDerivationsBeginWithTheNewestKeysAndEndWithTheOldest(t *testing.T) {
	t.Parallel()
	old, fresh := secret.NewKey(), secret.NewKey()
	before, after := ring(t, old), ring(t, fresh, old)
	all := after.Derivations("p")
	if len(all) != 2 || !bytes.Equal(all[0], after.Derive("p")) || !bytes.Equal(all[1], before.Derive("p")) {
		t.Fatal("the material must be that of every key, newest first")
	}
	if bytes.Equal(after.Derive("p"), after.Derive("q")) {
		t.Fatal("two purposes must not share material")
	}
}

func TestTextIsNeverPrinted(t *testing.T) {
	t.Parallel()
	hush := secret.NewText("hunter2")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "t", hush, "in", struct{ T secret.Text }{hush})
	inJSON, err := json.Marshal(map[string]any{"t": hush})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %q", hush, hush, hush, hush, hush) + log.String() + string(inJSON)
	if strings.Contains(all, "hunter2") {
		t.Fatalf("the secret shows: %s", all)
	}
	if hush.Reveal() != "hunter2" {
		t.Fatal("Reveal must give the value")
	}
}

func TestDigitsAreDigitsAndDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 200 {
		code := secret.Digits(6)
		if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("%q is not six digits", code)
		}
		seen[code] = true
	}
	if len(seen) < 190 {
		t.Fatalf("only %d different codes of 200", len(seen))
	}
}

func FuzzOpen(f *testing.F) {
	r, err := secret.NewRing(bytes.Repeat([]byte{7}, secret.KeySize))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Seal("p", "o", []byte("v")))
	f.Add("s1..")
	f.Fuzz(func(t *testing.T, sealed string) {
		if plain, err := r.Open("p", "other", sealed); err == nil {
			t.Fatalf("opened %q as %q", sealed, plain)
		}
	})
}
