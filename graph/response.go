package graph

import (
	"bytes"
	"encoding/json"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// response is what one operation answers. data is nil when the operation never ran.
type response struct {
	errors gqlerror.List
	data   json.RawMessage
}

// writeTo writes the response as JSON without decoding its data again.
func (r *response) writeTo(buf *bytes.Buffer) {
	buf.WriteByte('{')
	if len(r.errors) > 0 {
		buf.WriteString(`"errors":`)
		buf.Write(encodeErrors(r.errors))
		if r.data != nil {
			buf.WriteByte(',')
		}
	}
	if r.data != nil {
		buf.WriteString(`"data":`)
		buf.Write(r.data)
	}
	buf.WriteByte('}')
}

// encodeErrors cannot fail on what the presenter makes; if it does all the same the client is told so.
func encodeErrors(list gqlerror.List) []byte {
	text, err := json.Marshal(list)
	if err != nil {
		return []byte(`[{"message":"The errors cannot be shown.","extensions":{"code":"INTERNAL","reason":"internal"}}]`)
	}
	return text
}
