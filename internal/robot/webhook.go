package robot

import (
	"net/url"
	"strings"
)

// Sizes of an access token that are taken. DingTalk's are 64 hex characters so far, but nothing
// promises it (protocols.md §1.1).
const (
	minToken = 8
	maxToken = 256
)

// maxWebhook bounds what is looked at in bytes.
const maxWebhook = 2048

// DefaultWebhookHosts are the origins of a webhook URL when none are configured.
func DefaultWebhookHosts() []string {
	return []string{"https://oapi.dingtalk.com", "https://api.dingtalk.com"}
}

// ParseWebhook gives the access token of what a person pasted: the whole webhook URL or the token
// alone (protocols.md §1.1). Hosts are origins such as "https://oapi.dingtalk.com" or
// "http://127.0.0.1:8090", with a path prefix if there is one; a bare host means https. Reason:
// robot.webhook_invalid, which never repeats the input, since the token alone permits sending.
func ParseWebhook(raw string, hosts []string) (string, error) {
	raw = strings.TrimSpace(raw)
	if len(raw) > maxWebhook {
		return "", ErrWebhookInvalid
	}
	if validToken(raw) {
		return raw, nil
	}
	u, err := url.Parse(raw)
	// url.Error prints the URL, so the cause is dropped.
	if err != nil || u.User != nil || u.Opaque != "" || !knownEndpoint(u, hosts) {
		return "", ErrWebhookInvalid
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", ErrWebhookInvalid
	}
	tokens := query["access_token"]
	if len(tokens) != 1 || !validToken(tokens[0]) {
		return "", ErrWebhookInvalid
	}
	return tokens[0], nil
}

// knownEndpoint tells whether u is /robot/send of one of the origins.
func knownEndpoint(u *url.URL, hosts []string) bool {
	for _, h := range hosts {
		if !strings.Contains(h, "://") {
			h = "https://" + h
		}
		base, err := url.Parse(h)
		if err != nil || base.Host == "" {
			continue
		}
		if strings.EqualFold(base.Scheme, u.Scheme) && strings.EqualFold(authority(base), authority(u)) &&
			u.Path == strings.TrimSuffix(base.Path, "/")+"/robot/send" {
			return true
		}
	}
	return false
}

// authority is host and port, the default port spelled out.
func authority(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if strings.EqualFold(u.Scheme, "http") {
			port = "80"
		}
	}
	return u.Hostname() + ":" + port
}

func validToken(s string) bool {
	if len(s) < minToken || len(s) > maxToken {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
