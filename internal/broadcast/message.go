package broadcast

// Message is what a robot says: exactly one of its fields is set. The JSON form is how it is stored.
type Message struct {
	Text       *Text       `json:"text,omitempty"`
	Markdown   *Markdown   `json:"markdown,omitempty"`
	Link       *Link       `json:"link,omitempty"`
	ActionCard *ActionCard `json:"actionCard,omitempty"`
	FeedCard   *FeedCard   `json:"feedCard,omitempty"`
}

// Text is plain text.
type Text struct {
	Content string `json:"content"`
}

// Markdown is text in DingTalk's subset. Title is what the conversation list previews.
type Markdown struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Link is a card that opens a page.
type Link struct {
	Title      string `json:"title"`
	Text       string `json:"text"`
	MessageURL string `json:"messageUrl"`
	PicURL     string `json:"picUrl,omitempty"`
}

// ActionCard is markdown with either one button for the whole card or several.
type ActionCard struct {
	Title      string   `json:"title"`
	Text       string   `json:"text"`
	Single     *Button  `json:"single,omitempty"`
	Buttons    []Button `json:"buttons,omitempty"`
	Horizontal bool     `json:"horizontal,omitempty"`
}

// Button opens a page.
type Button struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// FeedCard is a list of links with pictures.
type FeedCard struct {
	Links []FeedLink `json:"links"`
}

// FeedLink is one row of a FeedCard.
type FeedLink struct {
	Title      string `json:"title"`
	MessageURL string `json:"messageUrl"`
	PicURL     string `json:"picUrl"`
}

// Mentions are the people a message points at. Only text, markdown and action cards can carry them.
type Mentions struct {
	// Phones as the platform knows them (11 digits for +86).
	Phones  []string `json:"phones,omitempty"`
	UserIDs []string `json:"userIds,omitempty"`
	All     bool     `json:"all,omitempty"`
}

// Empty tells whether nobody is mentioned.
func (m Mentions) Empty() bool { return len(m.Phones) == 0 && len(m.UserIDs) == 0 && !m.All }
