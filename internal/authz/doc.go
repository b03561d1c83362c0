// Package authz says who acts. Every service method takes an Actor, so that forgetting to ask who it
// is does not compile. Which role may do what is decided in the services, with the checks kept here.
package authz
