package shell

import (
	"embed"
	"encoding/json"
	"strings"
	"sync"
)

//go:embed texts/*.json
var textFiles embed.FS

// The languages.
const (
	Chinese = "zh-CN"
	English = "en"
)

// Languages lists them, the first being that of those who chose none.
func Languages() []string { return []string{Chinese, English} }

// PickLanguage gives the language that was chosen, or the first of the system's that we speak. Tags may
// look like "zh_CN.UTF-8".
func PickLanguage(chosen string, system ...string) string {
	for _, tag := range append([]string{chosen}, system...) {
		primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
		switch primary {
		case "zh":
			return Chinese
		case "en":
			return English
		}
	}
	return Chinese
}

// texts are the words of one language by key.
type texts map[string]string

var loadTexts = sync.OnceValue(func() map[string]texts {
	all := map[string]texts{}
	for _, language := range Languages() {
		raw, err := textFiles.ReadFile("texts/" + language + ".json")
		if err != nil {
			panic(err) // the file is part of the program, and a test reads it
		}
		var t texts
		if err := json.Unmarshal(raw, &t); err != nil {
			panic(err)
		}
		all[language] = t
	}
	return all
})

// textsOf gives the words of a language.
func textsOf(language string) texts { return loadTexts()[language] }

// say gives the words of a key with {name} filled in; pairs are name, value.
func (t texts) say(key string, pairs ...string) string {
	words, ok := t[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		words = strings.ReplaceAll(words, "{"+pairs[i]+"}", pairs[i+1])
	}
	return words
}
