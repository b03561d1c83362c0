// Package inmem implements the ports cache, bus and lock within one process. It is what Posthouse
// runs on when it runs alone. The caches are patrickmn/go-cache inside, which nobody else sees.
package inmem
