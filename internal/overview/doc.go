// Package overview answers what an administrator asks first: how much has happened, and what needs a
// look. It owns nothing but the counts by time, which the store keeps as things happen; what it says about
// robots and deliveries it asks of their packages.
package overview
