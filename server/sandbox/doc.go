// Package sandbox is a local DingTalk and a local WeChat behind one
// http.Handler, for tests and for trying things without an account.
//
// It owns the platform's side of the wire: custom group robots, the app's own robot, app tokens,
// mini-program login, and the pusher of encrypted callback events. It is
// strict: what the platform refuses, it refuses, with the platform's own codes,
// and where protocols.md calls a rule unconfirmed it takes the sandbox's choice
// written there. It carries its own implementation of every algorithm and
// imports nothing else of this repository, so that a mistake in the adapters
// cannot hide behind the same mistake here.
//
// Everything lives in memory and is bounded. Credentials are the same at every
// start, so a server whose database outlives the sandbox still matches it.
//
// At the root the handler answers the paths of DingTalk's old and new host and
// of WeChat, which do not collide. Under /sandbox/ is a page that shows the
// chats, under /sandbox/api/ the control API; both answer loopback clients only.
//
// It leaves to later: directory calls, Stream connections, media in messages to
// the app robot, and the login pages.
package sandbox
