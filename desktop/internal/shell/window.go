package shell

// Tone is how a message is meant.
type Tone int

// The tones.
const (
	Info Tone = iota
	Warning
	Failure
)

// Window is what the shell does to the window. The web view implements it; its methods may be called from
// any goroutine but that of the window's own loop.
type Window interface {
	// ShowShell goes to the shell's own page, wherever the window is.
	ShowShell()
	// Script runs in the page that is shown.
	Script(text string)
	SetTitle(title string)
	// SaveAs asks where to save and gives "" when the person thinks better of it. filter describes the
	// files of the extension.
	SaveAs(title, name, filter, extension string) (path string, err error)
	// Tell shows a message and waits for it to be read.
	Tell(tone Tone, title, text string)
	// Ask puts a question that is answered by yes or no.
	Ask(title, question string) bool
	// OpenOutside opens a web page in the person's browser.
	OpenOutside(address string)
	// Relabel shows the menu in the language it has now, as far as the system can.
	Relabel()
	// Zoom makes the page that is shown larger or smaller, in per cent.
	Zoom(percent int)
	ToggleFullScreen()
	Quit()
}
