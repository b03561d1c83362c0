// Package broadcast owns messages on their way to groups: what was asked for (Broadcast), the message
// to one robot (Delivery, which is also the outbox entry) and each HTTP call (Attempt). A worker sends
// what is due, within each robot's budget, and records every outcome. Login codes travel through the
// same outbox as notices, so that they share the robot's budget. Robots themselves belong to package
// robot, the wire format to the DingTalk adapter.
package broadcast
