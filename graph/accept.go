package graph

import (
	"mime"
	"strconv"
	"strings"
)

// Media types of GraphQL over HTTP.
const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
	typeStream   = "text/event-stream"
)

// isJSON accepts application/json with no charset or UTF-8.
func isJSON(contentType string) bool {
	if contentType == typeJSON {
		return true
	}
	media, attrs, err := mime.ParseMediaType(contentType)
	charset := attrs["charset"]
	return err == nil && media == typeJSON && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// accepted chooses the form of the answer: the one the client wants most, of equals the first. Nothing
// asked means application/json, which every client understands; mini-programs read no status but 200
// and never ask for the other.
func accepted(headers []string) (string, bool) {
	if len(headers) == 0 || len(headers) == 1 && (headers[0] == "" || headers[0] == "*/*" || headers[0] == typeJSON) {
		return typeJSON, true
	}
	best, bestWeight := "", 0.0
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			media, params, _ := strings.Cut(part, ";")
			form := formOf(strings.ToLower(strings.TrimSpace(media)))
			if form == "" {
				continue
			}
			if weight := weightOf(params); weight > bestWeight {
				best, bestWeight = form, weight
			}
			if bestWeight == 1 {
				return best, true
			}
		}
	}
	return best, best != ""
}

func formOf(media string) string {
	switch media {
	case typeJSON, typeResponse, typeStream:
		return media
	case "*/*", "application/*":
		return typeJSON
	}
	return ""
}

// weightOf reads the q of a media range: 1 without one, 0 for one that cannot be read.
func weightOf(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(weight >= 0 && weight <= 1) {
			return 0
		}
		return weight
	}
	return 1
}
