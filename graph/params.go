package graph

import (
	"bytes"
	"encoding/json"
	"math"
	"net/url"
	"unicode/utf8"
)

// params is what a client asks for, whatever the transport.
type params struct {
	Query         string
	OperationName string
	Variables     map[string]any
	Extensions    map[string]any
}

// wireParams is how a body spells it. Variables and extensions are read in a second step, which most
// requests need not take.
type wireParams struct {
	Query         string          `json:"query"`
	OperationName string          `json:"operationName"`
	Variables     json.RawMessage `json:"variables"`
	Extensions    json.RawMessage `json:"extensions"`
}

// parseParams reads one request. The parts must have their types; unknown ones are ignored, as the
// specification of GraphQL over HTTP reserves them.
func parseParams(body []byte) (params, error) {
	var wire wireParams
	if len(body) == 0 || body[0] != '{' || json.Unmarshal(body, &wire) != nil {
		return params{}, errBody
	}
	return wire.params()
}

// paramsOf reads the parameters of a GET request.
func paramsOf(query url.Values) (params, error) {
	wire := wireParams{
		Query: query.Get("query"), OperationName: query.Get("operationName"),
		Variables: []byte(query.Get("variables")), Extensions: []byte(query.Get("extensions")),
	}
	if !utf8.ValidString(wire.Query) || !utf8.ValidString(wire.OperationName) {
		return params{}, errBody
	}
	return wire.params()
}

func (w wireParams) params() (params, error) {
	p := params{Query: w.Query, OperationName: w.OperationName}
	var err error
	if p.Variables, err = object(w.Variables); err != nil {
		return params{}, err
	}
	if p.Extensions, err = object(w.Extensions); err != nil {
		return params{}, err
	}
	if _, persisted := persistedHash(p.Extensions); p.Query == "" && !persisted {
		return params{}, errBody
	}
	return p, nil
}

// object reads a JSON object; nothing and null are none.
func object(text []byte) (map[string]any, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	if !utf8.Valid(text) || !json.Valid(text) { // a decoder alone would take what follows the object for the next one
		return nil, errBody
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var out map[string]any
	if err := decoder.Decode(&out); err != nil {
		return nil, errBody
	}
	for name, value := range out {
		out[name] = natural(value)
	}
	return out, nil
}

// maxExact is up to where a float64 holds every whole number.
const maxExact = 1 << 53

// natural gives numbers the types by which coercion tells them apart: int64 where they are whole, and
// float64. A json.Number is a string to it and would pass for a String.
func natural(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, each := range v {
			v[name] = natural(each)
		}
	case []any:
		for i, each := range v {
			v[i] = natural(each)
		}
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		f, _ := v.Float64() // out of range it is infinite, which no coercion takes
		if math.Trunc(f) == f && math.Abs(f) < maxExact {
			return int64(f)
		}
		return f
	}
	return value
}
