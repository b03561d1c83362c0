// Package frontend holds the built admin app, so that a Go program carries it inside. It owns the files
// and knows how the page finds itself; serving them (compression, caching, headers) is left to the
// server.
//
// # Where the app lives
//
// The app may be mounted anywhere: at "/", or below a prefix that a mux or a proxy strips before this
// program sees the request. Therefore the page holds only relative URLs ("./assets/…"), no <base>, and
// a meta element posthouse-root with the content "./". The app uses history routing, so the page is
// also served for deeper paths such as /accounts/42; [Page] then rewrites each "./" to as many "../" as
// the path is deep. The app takes its root, and from it the addresses of the API, from that element.
//
// # What a server must do
//
//   - GET of a file in [FS]: serve it. What lies under assets/ has a hash of its content in its name
//     and never changes: Cache-Control "public, max-age=31536000, immutable". Beside a file may lie the
//     same file with .br and .gz: serve those by Accept-Encoding.
//   - GET of any other path without a dot in its last part: serve [Page] of index.html with status 200,
//     Cache-Control "no-cache" and the headers of [Headers].
//   - When [Built] is false, say how to build it.
package frontend
