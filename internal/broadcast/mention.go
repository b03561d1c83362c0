package broadcast

import (
	"slices"
	"strings"
)

// Sizes of what a person is mentioned by.
const (
	minPhone  = 5 // digits
	maxPhone  = 20
	maxUserID = 64 // characters
)

// checkMentions gives the mentions in their normal form: phones as the platform knows them, nobody
// twice (protocols.md §1.5). Reasons: broadcast.mentions_unsupported, broadcast.too_many_mentions,
// broadcast.message_invalid with the field at fault.
func checkMentions(m Message, in Mentions) (Mentions, error) {
	if in.Empty() {
		return Mentions{}, nil
	}
	if m.Link != nil || m.FeedCard != nil {
		return Mentions{}, ErrMentionsUnsupported.WithField("mentions", fieldInvalid)
	}
	out := Mentions{All: in.All}
	seen := map[string]bool{}
	for _, raw := range in.Phones {
		phone, ok := normalPhone(raw)
		if !ok {
			return Mentions{}, ErrMessageInvalid.WithField("mentions.phones", fieldInvalid)
		}
		if !seen[phone] {
			seen[phone] = true
			out.Phones = append(out.Phones, phone)
		}
	}
	clear(seen)
	for _, raw := range in.UserIDs {
		user := strings.TrimSpace(raw)
		if !cleanLine(user, maxUserID) {
			return Mentions{}, ErrMessageInvalid.WithField("mentions.userIds", fieldInvalid)
		}
		if !seen[user] {
			seen[user] = true
			out.UserIDs = append(out.UserIDs, user)
		}
	}
	if len(out.Phones)+len(out.UserIDs) > MaxMentions {
		return Mentions{}, ErrTooManyMentions.WithField("mentions", "≤ 50")
	}
	return out, nil
}

// normalPhone gives the digits of a phone number, without the country code of mainland China, since
// that is how the platform knows its people.
func normalPhone(raw string) (string, bool) {
	raw = strings.TrimSpace(raw)
	international := strings.HasPrefix(raw, "+") || strings.HasPrefix(raw, "00")
	if !strings.HasPrefix(raw, "+") {
		raw = strings.TrimPrefix(raw, "00")
	}
	var digits []byte
	for i, r := range raw {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r))
		case r == '+' && i == 0:
		case slices.Contains([]rune(" -().\u00a0"), r):
		default:
			return "", false
		}
		if len(digits) > maxPhone {
			return "", false
		}
	}
	phone := string(digits)
	if rest, ok := strings.CutPrefix(phone, "86"); ok && len(rest) == 11 && (international || rest[0] == '1') {
		phone = rest
	}
	return phone, len(phone) >= minPhone
}
