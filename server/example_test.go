package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"

	"github.com/posthouse/posthouse/server"
	"github.com/posthouse/posthouse/server/sandbox"
)

// A whole program: Posthouse below /posthouse/, an own page that only people see who have signed in,
// and a reaction to what happens in DingTalk.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	srv, err := server.New(ctx, server.Config{DataDir: "data", DingTalk: server.DingTalkConfig{Apps: []server.DingTalkApp{{
		Name: "main", AppKey: "ding…", CallbackToken: server.NewSecret(os.Getenv("TOKEN")), CallbackAESKey: server.NewSecret(os.Getenv("AES_KEY")),
	}}}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	srv.OnCallbackEvent("user_add_org", func(_ context.Context, e server.CallbackEvent) error {
		log.Printf("somebody joined: %s", e.Payload)
		return nil // an error makes the event come again
	})
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := server.AccountFrom(r.Context())
		fmt.Fprintln(w, "the orders of", who.ID)
	})
	http.Handle("/posthouse/", http.StripPrefix("/posthouse", srv.Handler()))
	http.Handle("/orders", srv.RequireAccount(orders))
	go http.ListenAndServe("127.0.0.1:8080", nil)
	log.Print(srv.Run(ctx))
}

// temporary makes a folder for the data of an example.
func temporary() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "posthouse-example-")
	if err != nil {
		log.Fatal(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

// Without Listen the embedding program serves the handler itself, where it likes.
func ExampleServer_Handler() {
	dir, remove := temporary()
	defer remove()
	srv, err := server.New(context.Background(), server.Config{DataDir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	mux := http.NewServeMux()
	mux.Handle("/posthouse/", http.StripPrefix("/posthouse", srv.Handler()))

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/posthouse/healthz", nil))
	fmt.Println(answer.Code, answer.Body)
	// Output: 200 {"status":"ok"}
}

// With Listen the server serves itself while Run runs; port 0 picks a free port.
func ExampleServer_Run() {
	dir, remove := temporary()
	defer remove()
	srv, err := server.New(context.Background(), server.Config{
		DataDir: dir, Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- srv.Run(ctx) }()

	answer, err := http.Get("http://" + srv.Addr() + "/readyz")
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)

	http.DefaultClient.CloseIdleConnections()
	stop()
	fmt.Println(<-ended)
	// Output:
	// 200 OK
	// <nil>
}

// Any handler of the embedding program can ask for an account.
func ExampleServer_RequireAccount() {
	dir, remove := temporary()
	defer remove()
	ctx := context.Background()
	srv, err := server.New(ctx, server.Config{
		DataDir: dir, Logger: slog.New(slog.DiscardHandler), Login: server.LoginConfig{Factors: []string{"PASSWORD"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	if _, err := srv.CreateAccount(ctx, server.NewAccount{
		Username: "li.lei", Phone: "13800000001", Password: server.NewSecret("correct horse battery"), Role: "MEMBER",
	}); err != nil {
		log.Fatal(err)
	}

	orders := srv.RequireAccount(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := server.AccountFrom(r.Context())
		fmt.Fprintln(w, "signed in as", who.Roles)
	}))

	anybody := httptest.NewRecorder()
	orders.ServeHTTP(anybody, httptest.NewRequest(http.MethodGet, "/orders", nil))
	fmt.Println(anybody.Code)

	request := httptest.NewRequest(http.MethodGet, "/orders", nil)
	request.Header.Set("Authorization", "Bearer "+accessToken(srv, "li.lei", "correct horse battery"))
	somebody := httptest.NewRecorder()
	orders.ServeHTTP(somebody, request)
	fmt.Print(somebody.Code, " ", somebody.Body)
	// Output:
	// 401
	// 200 signed in as [MEMBER]
}

// accessToken signs in over the API, as web pages do.
func accessToken(srv *server.Server, username, password string) string {
	body, err := json.Marshal(map[string]any{
		"query":     `mutation($i: LoginInput!) { login(input: $i) { session { accessToken } } }`,
		"variables": map[string]any{"i": map[string]string{"username": username, "password": password}},
	})
	if err != nil {
		log.Fatal(err)
	}
	api := httptest.NewServer(srv.Handler())
	defer api.Close()
	answer, err := http.Post(api.URL+"/graphql", "application/json", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	var out struct {
		Data struct {
			Login struct{ Session struct{ AccessToken string } }
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		log.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return out.Data.Login.Session.AccessToken
}

// The sandbox stands in for DingTalk in the tests of an embedding program: it pushes events as
// DingTalk does, signed and encrypted.
func ExampleServer_OnCallbackEvent() {
	dir, remove := temporary()
	defer remove()
	world, err := sandbox.New(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer world.Close()
	app := world.Credentials().DingTalk
	ctx, stop := context.WithCancel(context.Background())
	srv, err := server.New(ctx, server.Config{
		DataDir: dir, Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler),
		DingTalk: server.DingTalkConfig{Apps: []server.DingTalkApp{{
			Name: "main", AppKey: app.AppKey,
			CallbackToken: server.NewSecret(app.CallbackToken), CallbackAESKey: server.NewSecret(app.CallbackAESKey),
		}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	handled := make(chan string)
	srv.OnCallbackEvent("user_add_org", func(_ context.Context, e server.CallbackEvent) error {
		handled <- e.App + ": " + e.Type
		return nil
	})
	ended := make(chan error)
	go func() { ended <- srv.Run(ctx) }()

	if err := world.SetCallback(sandbox.Callback{URL: "http://" + srv.Addr() + "/callbacks/dingtalk/main"}); err != nil {
		log.Fatal(err)
	}
	push, err := world.PushEvent(ctx, "user_add_org", map[string]any{"userId": []string{"newcomer"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("DingTalk was answered:", push.Answer)
	fmt.Println(<-handled)
	stop()
	fmt.Println(<-ended)
	// Output:
	// DingTalk was answered: success
	// main: user_add_org
	// <nil>
}

// The first owner is made without the API, before the server runs or while it does.
func ExampleCreateAccount() {
	dir, remove := temporary()
	defer remove()
	cfg := server.Config{DataDir: dir, Logger: slog.New(slog.DiscardHandler)}
	owner := server.NewAccount{Username: "han.meimei", Phone: "13800000002", Password: server.NewSecret("correct horse battery"), Role: "OWNER"}
	_, err := server.CreateAccount(context.Background(), cfg, owner)
	fmt.Println(err)
	_, err = server.CreateAccount(context.Background(), cfg, owner)
	fmt.Println(server.Reason(err))
	// Output:
	// <nil>
	// account.username_taken
}

// Validate names every problem at once, under the names of the configuration file.
func ExampleConfig_Validate() {
	err := server.Config{
		Listen:   "8080",
		Login:    server.LoginConfig{Factors: []string{"OTP"}},
		DingTalk: server.DingTalkConfig{Apps: []server.DingTalkApp{{Name: "Main App"}}},
	}.Validate()
	fmt.Println(err)
	// Output:
	// listen: "8080" is not an address such as 127.0.0.1:8080 or :8080
	// login.factors: login: the factors must begin with PASSWORD
	// dingtalk.apps[0].name: "Main App" must be up to 32 lower-case letters, digits and dashes
}
