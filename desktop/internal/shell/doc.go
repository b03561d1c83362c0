// Package shell is what surrounds the admin app in its window: the page on which somebody chooses what to
// open, the pages that say what stands in the way, the menu, what is remembered from one start to the
// next, and the export of the event log. It knows the window as an interface and nothing of the web view,
// so all of it is tested without one.
//
// What is opened is package backend's business, how the window gets at it package guard's.
package shell
