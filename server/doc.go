// Package server is Posthouse for Go programs: make one with New, put its Handler wherever HTTP is
// served, or let it listen itself, and Run it. Two servers fit into one process; nothing is read from
// the environment, from flags or from files other than those in the data folder.
package server
