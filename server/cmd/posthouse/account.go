package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/posthouse/posthouse/server"
)

type accountCommand struct {
	Create accountCreateCommand `cmd:"" help:"Make an account, whether or not the server runs."`
}

type accountCreateCommand struct {
	common
	Username      string `required:"" help:"The name to sign in with."`
	Phone         string `required:"" help:"The phone that codes mention."`
	Role          string `default:"member" help:"owner, admin or member (default ${default})."`
	PasswordStdin bool   `required:"" help:"Read the password from the first line of standard input."`
}

// Run implements the command. It prints the new account's id.
func (c accountCreateCommand) Run(ctx context.Context, p *program) error {
	set, err := c.load(p)
	if err != nil {
		return err
	}
	role := strings.ToUpper(c.Role)
	if role != "OWNER" && role != "ADMIN" && role != "MEMBER" {
		return fmt.Errorf("role %q is none of owner, admin, member", c.Role)
	}
	password, err := readPassword(p.in)
	if err != nil {
		return err
	}
	made, err := server.CreateAccount(ctx, set.Config, server.NewAccount{
		Username: c.Username, Phone: c.Phone, Password: password, Role: role,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, made)
	return err
}

// longestPassword bounds what is read; the account rules allow far less.
const longestPassword = 64 << 10

// readPassword takes the first line, whatever is in it but the line's end.
func readPassword(from io.Reader) (server.Secret, error) {
	text, err := bufio.NewReader(io.LimitReader(from, longestPassword)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return server.Secret{}, fmt.Errorf("cannot read the password: %w", err)
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if text == "" {
		return server.Secret{}, errors.New("no password came on standard input; send it as its first line")
	}
	return server.NewSecret(text), nil
}
