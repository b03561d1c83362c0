package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/posthouse/posthouse/server"
)

type accountCommand struct {
	Create accountCreateCommand `cmd:"" help:"Make an account."`
}

type accountCreateCommand struct {
	common
	Username      string `required:"" help:"The name to sign in with."`
	Phone         string `required:"" help:"The phone that codes mention."`
	Role          string `default:"member" help:"owner, admin or member."`
	PasswordStdin bool   `required:"" help:"Read the password from the first line of standard input."`
}

// Run implements the command.
func (c accountCreateCommand) Run(ctx context.Context, s streams) error {
	set, err := c.load(s)
	if err != nil {
		return err
	}
	role := strings.ToUpper(c.Role)
	if role != "OWNER" && role != "ADMIN" && role != "MEMBER" {
		return fmt.Errorf("role %q is none of owner, admin, member", c.Role)
	}
	lines := bufio.NewScanner(s.in)
	if !lines.Scan() {
		return errors.New("no password came on standard input")
	}
	made, err := server.CreateAccount(ctx, set.Config, server.NewAccount{
		Username: c.Username, Phone: c.Phone, Password: server.NewSecret(lines.Text()), Role: role,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, made)
	return err
}
