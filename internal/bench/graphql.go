package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// password of every account here.
const password = "a long enough passphrase 42"

const loginMutation = `mutation Login($input: LoginInput!) { login(input: $input) { session { accessToken } account { id username } } }`

// question is the body of a request.
func question(query string, variables map[string]any) ([]byte, error) {
	body := map[string]any{"query": query}
	if variables != nil {
		body["variables"] = variables
	}
	return json.Marshal(body)
}

// ask sends an operation that is not being measured, and reads its data.
func ask(ctx context.Context, address, token, query string, variables map[string]any, into any) error {
	body, err := question(query, variables)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data   json.RawMessage
		Errors json.RawMessage
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		return fmt.Errorf("refused: %s", answer.Errors)
	}
	return json.Unmarshal(answer.Data, into)
}

// signIn gives an access token.
func signIn(ctx context.Context, address, username string) (string, error) {
	var data struct {
		Login struct{ Session struct{ AccessToken string } }
	}
	err := ask(ctx, address, "", loginMutation, loginInput(username), &data)
	return data.Login.Session.AccessToken, err
}

func loginInput(username string) map[string]any {
	return map[string]any{"input": map[string]any{"username": username, "password": password}}
}

// administrator makes an account that may read events, and signs it in.
func (h *house) administrator(ctx context.Context) (string, error) {
	if err := h.createAccount(ctx, "bench", "+8613800000001", "admin"); err != nil {
		return "", err
	}
	return signIn(ctx, h.address, "bench")
}
