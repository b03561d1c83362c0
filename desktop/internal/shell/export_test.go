package shell

import (
	"maps"
	"slices"
)

// Fail makes what is open fail, as a server does whose disk is gone: its door stops working.
func Fail(s *Shell) { _ = s.opened().door.Close() }

// UsePort sets the port that the next door asks for.
func UsePort(s *Shell, port int) { s.change(func(set *Settings) { set.Port = port }) }

// TextKeys are the keys of a language.
func TextKeys(language string) []string { return slices.Sorted(maps.Keys(textsOf(language))) }

// Text is a text of a language.
func Text(language, key string) string { return textsOf(language)[key] }
