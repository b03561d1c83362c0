package errs

import "strings"

// Localize gives the message of e in the language of a tag such as "zh-CN" or "en". Chinese texts are
// kept in one catalogue by reason; an error that carries a message of its own (made with WithMessage)
// or has no entry keeps its own words.
func Localize(e *Error, language string) string {
	text, translated := chinese[e.Reason]
	switch {
	case !strings.HasPrefix(language, "zh") || e.ownMessage || !translated:
		if e.detail != "" {
			return e.Message + " " + e.detail
		}
		return e.Message
	case e.detail != "":
		return strings.TrimSuffix(text, "。") + "：" + e.detail
	default:
		return text
	}
}

// LocalizeFields does the same for the messages about fields, which are known by their English words.
func LocalizeFields(e *Error, language string) map[string]string {
	out := make(map[string]string, len(e.Fields))
	for field, message := range e.Fields {
		if strings.HasPrefix(language, "zh") {
			if text, ok := chineseFields[message]; ok {
				message = text
			}
		}
		out[field] = message
	}
	return out
}

// Translated tells whether the catalogue has a Chinese text for the reason.
func Translated(reason string) bool {
	_, ok := chinese[reason]
	return ok
}
