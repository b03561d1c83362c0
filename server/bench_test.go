package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/posthouse/posthouse/server"
)

// discard is a response that nobody reads.
type discard struct {
	header http.Header
	status int
	size   int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) WriteHeader(status int) { d.status = status }

func (d *discard) Write(b []byte) (int, error) {
	d.size += len(b)
	return len(b), nil
}

// BenchmarkQuery asks by access token, without a network in between.
func BenchmarkQuery(b *testing.B) {
	const password = "a long enough passphrase 42"
	srv, err := server.New(b.Context(), server.Config{
		DataDir: b.TempDir(), Logger: slog.New(slog.DiscardHandler), Login: server.LoginConfig{Factors: []string{"PASSWORD"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := srv.Close(); err != nil {
			b.Error(err)
		}
	})
	if _, err := srv.CreateAccount(b.Context(), server.NewAccount{
		Username: "bench", Phone: "+8613800000001", Password: server.NewSecret(password), Role: "ADMIN",
	}); err != nil {
		b.Fatal(err)
	}
	token := signIn(b, srv.Handler(), "bench", password)
	for name, query := range map[string]string{
		"typename":     `{ __typename }`,
		"viewer":       `{ viewer { id username } }`,
		"whole viewer": `query Viewer { viewer { id username phone roles identities { provider subject } sessions(first: 10) { nodes { id createdAt lastSeenAt current } } } }`,
	} {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			first := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", nil)
			first.Header.Set("Content-Type", "application/json")
			first.Header.Set("Authorization", "Bearer "+token)
			for b.Loop() {
				r := *first
				r.Body = io.NopCloser(bytes.NewReader(body))
				w := &discard{header: http.Header{}}
				srv.Handler().ServeHTTP(w, &r)
				if w.status != http.StatusOK {
					b.Fatal(w.status)
				}
			}
		})
	}
}

func signIn(b *testing.B, h http.Handler, username, password string) string {
	b.Helper()
	body, err := json.Marshal(map[string]any{
		"query":     `mutation($input: LoginInput!) { login(input: $input) { session { accessToken } } }`,
		"variables": map[string]any{"input": map[string]string{"username": username, "password": password}},
	})
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer struct {
		Data struct {
			Login struct{ Session struct{ AccessToken string } }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Data.Login.Session.AccessToken == "" {
		b.Fatalf("%v: %s", err, w.Body)
	}
	return answer.Data.Login.Session.AccessToken
}
