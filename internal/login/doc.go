// Package login owns the flows by which a person comes in: register, ask for a code, sign in with
// password and code, sign in from a WeChat mini-program, become the first owner, and the one by which a
// person is shut out. It puts account, session and factor together, applies the limits, and gives nothing
// away about who exists.
package login
