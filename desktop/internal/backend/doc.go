// Package backend makes what the window shows: a Posthouse of this computer with a data folder of its
// own, the same against a sandbox, or a Posthouse elsewhere behind a proxy. All three are one
// http.Handler, so that the window is the same page as in a browser.
//
// What can go wrong on the way is a [Problem] with a kind; the words for it, and what to do about it, are
// package shell's.
package backend
