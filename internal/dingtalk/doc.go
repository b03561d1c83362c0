// Package dingtalk speaks DingTalk's wire protocols: messages through the webhooks of custom group
// robots, and the signed and encrypted event pushes that DingTalk delivers over HTTP. It knows formats,
// signatures, ciphers and error codes, and nothing else: what is sent and when, and how often a send is
// repeated, belongs to package broadcast; what becomes of an event, to package event; receiving HTTP, to
// package httpapi.
package dingtalk
