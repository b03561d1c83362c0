// Package request carries what every layer may want to know of the request it serves: its id for the
// logs, the caller's address for limits, and the language to answer in. Who acts is not here: that is
// an explicit authz.Actor.
package request

import (
	"context"
	"strings"
)

// Language in which people are spoken to.
type Language string

// The languages. Chinese is the default.
const (
	Chinese Language = "zh-CN"
	English Language = "en"
)

// Info of one request.
type Info struct {
	ID        string
	Address   string
	UserAgent string
	Language  Language
}

type key struct{}

// With puts the request's info into the context.
func With(ctx context.Context, info *Info) context.Context {
	return context.WithValue(ctx, key{}, info)
}

// From gives the request's info; an empty one, in Chinese, outside of requests.
func From(ctx context.Context) Info {
	if info, ok := ctx.Value(key{}).(*Info); ok {
		return *info
	}
	return Info{Language: Chinese}
}

// ParseLanguage chooses from an Accept-Language header: whichever of zh and en is named first with the
// higher weight; Chinese when neither is.
func ParseLanguage(header string) Language {
	if len(header) > 256 {
		return Chinese
	}
	best, bestWeight := Chinese, -1.0
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		language, known := languageOf(tag)
		if weight := weightOf(params); known && weight > bestWeight {
			best, bestWeight = language, weight
		}
	}
	return best
}

func languageOf(tag string) (Language, bool) {
	primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	switch primary {
	case "zh":
		return Chinese, true
	case "en":
		return English, true
	}
	return Chinese, false
}

// weightOf reads "q=0.8"; what cannot be read weighs 1, as if it were not there.
func weightOf(params string) float64 {
	value, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
	if !ok || len(value) < 3 || value[0] == '1' {
		if ok && value == "0" {
			return 0
		}
		return 1
	}
	weight, scale := 0.0, 0.1
	for _, digit := range value[2:] {
		if digit < '0' || digit > '9' {
			return 1
		}
		weight += float64(digit-'0') * scale
		scale /= 10
	}
	return weight
}
