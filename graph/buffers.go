package graph

import (
	"bytes"
	"sync"
)

// keptBuffer is the largest buffer kept for another request, in bytes.
const keptBuffer = 64 << 10

// buffers lends the memory that requests are read into and answers are written to. The zero value is
// ready. Safe for concurrent use.
type buffers struct{ pool sync.Pool }

func (b *buffers) take() *bytes.Buffer {
	if buf, ok := b.pool.Get().(*bytes.Buffer); ok {
		return buf
	}
	return new(bytes.Buffer)
}

// give takes a buffer back. Nothing may look into it afterwards.
func (b *buffers) give(buf *bytes.Buffer) {
	if buf.Cap() > keptBuffer {
		return
	}
	buf.Reset()
	b.pool.Put(buf)
}
