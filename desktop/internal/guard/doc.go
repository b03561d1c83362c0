// Package guard is the door between the window and the handler it shows. A web view cannot open a
// WebSocket to the scheme of its own program, so the handler is served on a port of 127.0.0.1; and since
// every program and every user of the computer reaches that port, the door lets nobody in but the window:
//
//   - a ticket, used once and soon, is exchanged for a cookie (HttpOnly, SameSite=Strict) that only the
//     window holds; whatever comes without it is refused;
//   - the Host must be the address that was bound, so that a name which was rebound to 127.0.0.1 is of no
//     use to a web page elsewhere; an Origin, when there is one, must be the door's own;
//   - nothing of this travels further: the cookie is taken out of the request before the handler sees it.
//
// The door knows nothing of what it guards. Making the handler is left to package backend, showing it to
// package shell.
package guard
