// Command bench measures the built binary from outside and prints docs/performance.md's table: how fast
// it answers and takes events, what a subscriber costs, what signing in leaves for others, how long a
// start takes, and whether pages stay fast in a large database.
//
// The server runs as a process of its own with its default settings, apart from those named in
// serverConfig; this process is its client, over loopback, with the same requests any client would
// send. What a number is compared with (a bare net/http handler, the password hash alone) runs in the
// same minutes on the same machine, so that results can be read as ratios. Nothing here is part of the
// product.
package main
