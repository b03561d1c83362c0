// Package robot owns DingTalk custom group robots: their webhooks and secrets, sealed, and when each
// may speak again. Sending is the broadcast package's work.
package robot
