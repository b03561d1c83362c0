package dingtalk_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/posthouse/posthouse/internal/clock"
	"github.com/posthouse/posthouse/internal/dingtalk"
	"github.com/posthouse/posthouse/internal/errs"
)

var dingTalk = platform{testToken, testKey}

func newCallback(t testing.TB, owners ...string) *dingtalk.Callback {
	t.Helper()
	if len(owners) == 0 {
		owners = []string{testOwner}
	}
	c, err := dingtalk.NewCallback(testToken, testKey, owners)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// vector is a line of protocols.md §4.9.
type vector struct {
	token, key, owner, timestamp, nonce, encrypt, signature, plaintext, random string
}

var vectors = map[string]vector{
	"A": {
		"tokenxxxx", "o1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus", "dingxxxxxx", "1605695694141", "WelUQl6bCqcBa2fM",
		"X1VSe9cTJUMZu60d3kyLYTrBq5578ZRJtteU94wG0Q4Uk6E/wQYeJRIC0/UFW5Wkya1Ihz9oXAdLlyC9TRaqsQ==",
		"f36f4ba5337d426c7d4bca0dbcb06b3ddc1388fc", "success", "WelUQl6bCqcBa2fM",
	},
	"B": {
		"mryue", "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7", "ding6ccabc44d2c8d38b", "1608001896814", "WL4PK6yA",
		"0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZeKju4yhELOFchzNukR+t8SB/qk4ROMu3",
		"03044561471240d4a14bb09372dfcfd4fd0e40cb", `{"EventType":"check_url"}`, "l7Y3EcX2CU5w8av3",
	},
	"S1": {
		testToken, testKey, testOwner, "1600000000000", "nonce123",
		"Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5WY7q4yoCwuRvgvxJtXYiI2hRWe8/ZTsG1ydYhcCPhcSbz8zR51LVGTeaKE/N9dzE",
		"5240c28b4b2df59afc99da75f8f849e7a4fe122e", `{"EventType":"check_url"}`, "0123456789abcdef",
	},
	"S2": {
		testToken, testKey, "dingcorp0000000000000000000000001", "1600000000000", "nonce123",
		"Q3stYC6hdFzMh9T8HCvyDCWwgaYd26RgfVeYk/u6UYlDgsbG/K7lhvIos/WihZ5OAVWIXzlE17eV6OAOOJ4zGtlASSnUCjZQhS1QCMP2LtrD0ci8pLQXH1gbvetWYEZFqh8gsslfwlx0velyTVdcjm3caS8CSjndTW2MZ+W6NQhdWvWyqbHHZa5rNhoe2jB1LyX4aZ9U3iPuvm0wCcPS5Nh9OfdDnfAKvFmVgcA0RWeCWUD/ddtngHUtULsojhEl",
		"a877ff997c0b1aa03c8b7237c1402970c73a5265",
		`{"EventType":"user_add_org","TimeStamp":"1600000000000","UserId":["zhangsan","李四"],"CorpId":"dingcorp0000000000000000000000001"}`, "0123456789abcdef",
	},
	"S3": {
		testToken, testKey, "ding1", "1600000000000", "nonce123",
		"Q3stYC6hdFzMh9T8HCvyDFBL5nts03LrHqeYtIrqKrSTPOkWDOLzmJKBtPZ/rwuzv5UJfGGzTt/a4aITnU9vAg==",
		"c9cc71f3d29f8333ec01a22311d5e79d190aec71", "success", "0123456789abcdef",
	},
}

func TestPublishedPushesOpen(t *testing.T) {
	t.Parallel()
	for name, v := range vectors {
		for _, parameter := range []string{"signature", "msg_signature", "both"} {
			t.Run(name+" "+parameter, func(t *testing.T) {
				t.Parallel()
				c, err := dingtalk.NewCallback(v.token, v.key, []string{"dingother", v.owner})
				if err != nil {
					t.Fatal(err)
				}
				query := url.Values{"timestamp": {v.timestamp}, "nonce": {v.nonce}}
				if parameter == "both" {
					query["signature"], query["msg_signature"] = []string{v.signature}, []string{v.signature}
				} else {
					query.Set(parameter, v.signature)
				}
				push, err := c.Open(query, []byte(`{"encrypt":"`+v.encrypt+`"}`))
				if v.plaintext == "success" { // decrypted, and then found to be no event
					if !errors.Is(err, dingtalk.ErrCallbackBody) {
						t.Fatalf("got %v", err)
					}
					return
				}
				if err != nil || string(push.Plaintext) != v.plaintext || push.Owner != v.owner {
					t.Fatalf("got %q for %q, %v", push.Plaintext, push.Owner, err)
				}
			})
		}
	}
}

func TestAnswersAreThePublishedOnesByteForByte(t *testing.T) {
	t.Parallel()
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ms, err := strconv.ParseInt(v.timestamp, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			randoms := []string{v.random, v.nonce}
			c, err := dingtalk.NewCallbackFrom(dingtalk.CallbackConfig{
				Token: v.token, AESKey: v.key, OwnerKeys: []string{v.owner},
				Clock: clock.NewFake(time.UnixMilli(ms)),
				Random: func(int) string {
					r := randoms[0]
					randoms = randoms[1:]
					return r
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Answer(v.owner, v.plaintext)
			want := `{"msg_signature":"` + v.signature + `","timeStamp":"` + v.timestamp + `","nonce":"` + v.nonce + `","encrypt":"` + v.encrypt + `"}`
			if err != nil || string(got) != want {
				t.Fatalf("got  %s, %v\nwant %s", got, err, want)
			}
		})
	}
}

func TestTheAnswerIsMadeUnderTheOwnerKeyOfThePush(t *testing.T) {
	t.Parallel()
	c := newCallback(t, testOwner, "dingcorp1", "suitekey1")
	for _, owner := range []string{testOwner, "dingcorp1", "suitekey1"} {
		push, err := c.Open(dingTalk.pushMessage(t, `{"EventType":"check_url"}`, owner))
		if err != nil {
			t.Fatal(err)
		}
		body, err := c.Answer(push.Owner, dingtalk.CallbackSuccess)
		if err != nil {
			t.Fatal(err)
		}
		var answer map[string]string
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatalf("every value must be a string: %v", err)
		}
		if keys := slices.Sorted(maps.Keys(answer)); !slices.Equal(keys, []string{"encrypt", "msg_signature", "nonce", "timeStamp"}) {
			t.Fatalf("got the keys %v", keys)
		}
		if answer["msg_signature"] != dingTalk.signature(answer["timeStamp"], answer["nonce"], answer["encrypt"]) {
			t.Fatal("the platform would refuse the signature")
		}
		if message, sealedFor := dingTalk.decrypt(t, answer["encrypt"]); message != "success" || sealedFor != owner {
			t.Fatalf("the platform reads %q for %q", message, sealedFor)
		}
	}
	if _, err := c.Answer("dingother", "success"); !errors.Is(err, dingtalk.ErrCallbackOwner) {
		t.Fatalf("got %v", err)
	}
}

func TestTwoAnswersDiffer(t *testing.T) {
	t.Parallel()
	c := newCallback(t)
	one, _ := c.Answer(testOwner, "success")
	two, _ := c.Answer(testOwner, "success")
	if string(one) == string(two) {
		t.Fatal("prefix and nonce must be random")
	}
}

func TestMessagesOfEveryLengthSurvive(t *testing.T) {
	t.Parallel()
	c := newCallback(t)
	for n := range 100 { // every pad from 1 to 32, thrice
		message := `{"EventType":"x","v":"` + strings.Repeat("李", n) + `"}` + strings.Repeat(" ", n%7)
		push, err := c.Open(dingTalk.pushMessage(t, message, testOwner))
		if err != nil || string(push.Plaintext) != message {
			t.Fatalf("%d: got %q, %v", n, push.Plaintext, err)
		}
		body, err := c.Answer(testOwner, message)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Encrypt string }
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		if got, owner := dingTalk.decrypt(t, answer.Encrypt); got != message || owner != testOwner {
			t.Fatalf("%d: the platform reads %q for %q", n, got, owner)
		}
	}
}

func TestForgedOrIncompleteQueriesAreRefused(t *testing.T) {
	t.Parallel()
	c := newCallback(t)
	for name, change := range map[string]func(q url.Values){
		"no signature":              func(q url.Values) { q.Del("signature") },
		"an empty signature":        func(q url.Values) { q.Set("signature", "") },
		"a flipped signature":       func(q url.Values) { q.Set("signature", flip(q.Get("signature"))) },
		"an upper-case signature":   func(q url.Values) { q.Set("signature", strings.ToUpper(q.Get("signature"))) },
		"half a signature":          func(q url.Values) { q.Set("signature", q.Get("signature")[:20]) },
		"msg_signature differs":     func(q url.Values) { q.Set("msg_signature", flip(q.Get("signature"))) },
		"two different signatures":  func(q url.Values) { q.Add("signature", flip(q.Get("signature"))) },
		"no timestamp":              func(q url.Values) { q.Del("timestamp") },
		"another timestamp":         func(q url.Values) { q.Set("timestamp", "1600000000001") },
		"two different timestamps":  func(q url.Values) { q.Set("timeStamp", "1600000000001") },
		"no nonce":                  func(q url.Values) { q.Del("nonce") },
		"another nonce":             func(q url.Values) { q.Set("nonce", "nonce124") },
		"the other side of a nonce": func(q url.Values) { q.Set("nonce", "1600000000000"); q.Set("timestamp", "nonce12") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, body := dingTalk.pushMessage(t, `{"EventType":"check_url"}`, testOwner)
			change(query)
			if push, err := c.Open(query, body); !errors.Is(err, dingtalk.ErrCallbackSignature) || push.Plaintext != nil {
				t.Fatalf("got %+v, %v", push, err)
			}
		})
	}
}

func TestAnotherTokenIsAWrongSignature(t *testing.T) {
	t.Parallel()
	query, body := platform{"tok124", testKey}.pushMessage(t, `{"EventType":"check_url"}`, testOwner)
	if _, err := newCallback(t).Open(query, body); errs.CodeOf(err) != errs.Unauthenticated || errs.ReasonOf(err) != "callback.signature_invalid" {
		t.Fatalf("got %v", err)
	}
}

func flip(signature string) string {
	last := signature[len(signature)-1]
	if last == '0' {
		return signature[:len(signature)-1] + "1"
	}
	return signature[:len(signature)-1] + "0"
}

func TestBothSpellingsOfTheTimestampAreRead(t *testing.T) {
	t.Parallel()
	query, body := dingTalk.pushMessage(t, `{"EventType":"check_url"}`, testOwner)
	query["timeStamp"] = query["timestamp"]
	query.Del("timestamp")
	if _, err := newCallback(t).Open(query, body); err != nil {
		t.Fatal(err)
	}
}

func TestPushesThatDoNotDecryptAreRefused(t *testing.T) {
	t.Parallel()
	event := frame(`{"EventType":"check_url"}`, testOwner)
	with := func(change func(b []byte) []byte) string {
		return dingTalk.encrypt(t, change(slices.Clone(event)))
	}
	set := func(at int, values ...byte) func(b []byte) []byte {
		return func(b []byte) []byte {
			if at < 0 {
				at += len(b)
			}
			copy(b[at:], values)
			return b
		}
	}
	whole := dingTalk.encrypt(t, event)
	raw, _ := base64.StdEncoding.DecodeString(whole)
	for name, encrypt := range map[string]string{
		"the URL alphabet":              strings.NewReplacer("+", "-", "/", "_").Replace(vectors["S2"].encrypt),
		"no padding of base64":          strings.TrimRight(vectors["S3"].encrypt, "="),
		"no base64":                     "%%%",
		"half a block":                  base64.StdEncoding.EncodeToString(raw[:len(raw)-8]),
		"one block":                     base64.StdEncoding.EncodeToString(raw[:16]),
		"a pad of 0":                    with(set(-1, 0)),
		"a pad of 33":                   with(set(-1, 33)),
		"a pad of 255":                  with(set(-1, 255)),
		"a pad into the header":         dingTalk.encrypt(t, append([]byte("0123456789abcdef\x00\x00\x00\x00"), []byte(strings.Repeat("\x0d", 12))...)),
		"a length of 0xFFFFFFFF":        with(set(16, 0xff, 0xff, 0xff, 0xff)),
		"a length of 0x80000000":        with(set(16, 0x80, 0, 0, 0)),
		"a length past the end":         with(set(16, 0, 0, 0, 0x7f)),
		"a length of one byte too many": with(set(16, 0, 0, 0, byte(len(`{"EventType":"check_url"}`)+len(testOwner)+1))),
		"another AES key":               platform{testToken, vectors["B"].key}.encrypt(t, event),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			push, err := newCallback(t).Open(dingTalk.push(encrypt))
			if !errors.Is(err, dingtalk.ErrCallbackDecrypt) || push.Plaintext != nil {
				t.Fatalf("got %+v, %v", push, err)
			}
		})
	}
}

// The Rust sample of the platform's own repository pads to 16.
func TestAPadToSixteenIsRead(t *testing.T) {
	t.Parallel()
	b := []byte("0123456789abcdef\x00\x00\x00\x11" + `{"EventType":"x"}` + testOwner)
	pad := 16 - len(b)%16
	b = append(b, []byte(strings.Repeat(string(rune(pad)), pad))...)
	if push, err := newCallback(t).Open(dingTalk.push(dingTalk.encrypt(t, b))); err != nil || push.EventType != "x" {
		t.Fatalf("got %+v, %v", push, err)
	}
}

func TestPushesForOthersAreForbidden(t *testing.T) {
	t.Parallel()
	c := newCallback(t, "dingcorp1", testOwner)
	for _, owner := range []string{"", "dingother", "dingcorp", "dingcorp11", "DINGCORP1", "dingcorp1" + testOwner} {
		_, err := c.Open(dingTalk.pushMessage(t, `{"EventType":"check_url"}`, owner))
		if errs.CodeOf(err) != errs.Forbidden || errs.ReasonOf(err) != "callback.owner_unknown" {
			t.Errorf("%q: got %v", owner, err)
		}
	}
}

func TestBodiesThatAreNoPushAreInvalid(t *testing.T) {
	t.Parallel()
	c := newCallback(t)
	query, good := dingTalk.pushMessage(t, `{"EventType":"check_url"}`, testOwner)
	for name, body := range map[string]string{
		"empty": "", "null": "null", "an array": "[]", "a string": `"x"`, "no encrypt": "{}", "encrypt of a number": `{"encrypt":1}`,
		"encrypt empty": `{"encrypt":""}`, "form": "encrypt=abc", "two objects": string(good) + "{}",
		"larger than a mebibyte": `{"encrypt":"` + strings.Repeat("A", dingtalk.MaxCallbackBody) + `"}`,
	} {
		if _, err := c.Open(query, []byte(body)); errs.CodeOf(err) != errs.Invalid || errs.ReasonOf(err) != "callback.body_invalid" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The scheme has no freshness of its own: repetitions are known by their dedupe key.
func TestAReplayedPushHasTheSameDedupeKey(t *testing.T) {
	t.Parallel()
	c := newCallback(t)
	query, body := dingTalk.pushMessage(t, `{"EventType":"user_add_org","UserId":["a"]}`, testOwner)
	one, err1 := c.Open(query, body)
	two, err2 := c.Open(query, body)
	if err1 != nil || err2 != nil || one.DedupeKey == "" || one.DedupeKey != two.DedupeKey {
		t.Fatalf("got %q %v and %q %v", one.DedupeKey, err1, two.DedupeKey, err2)
	}
}

func TestAWindowRefusesStalePushes(t *testing.T) {
	t.Parallel()
	query, body := dingTalk.pushMessage(t, `{"EventType":"check_url"}`, testOwner)
	pushed := time.UnixMilli(1600000000000)
	for name, c := range map[string]struct {
		now  time.Time
		want error
	}{
		"now":                 {pushed, nil},
		"at the edge":         {pushed.Add(time.Hour), nil},
		"too old":             {pushed.Add(time.Hour + time.Millisecond), dingtalk.ErrCallbackStale},
		"too far ahead":       {pushed.Add(-time.Hour - time.Millisecond), dingtalk.ErrCallbackStale},
		"a century out of it": {pushed.AddDate(100, 0, 0), dingtalk.ErrCallbackStale},
	} {
		callback, err := dingtalk.NewCallbackFrom(dingtalk.CallbackConfig{
			Token: testToken, AESKey: testKey, OwnerKeys: []string{testOwner}, Window: time.Hour, Clock: clock.NewFake(c.now),
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := callback.Open(query, body); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestSettingsAreCheckedAndNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token, key string
		owners     []string
		field      string
	}{
		"no token":          {"", testKey, []string{testOwner}, "token"},
		"no key":            {testToken, "", []string{testOwner}, "aesKey"},
		"42 characters":     {testToken, testKey[:42], []string{testOwner}, "aesKey"},
		"44 characters":     {testToken, testKey + "H", []string{testOwner}, "aesKey"},
		"with the = kept":   {testToken, testKey + "=", []string{testOwner}, "aesKey"},
		"with a blank":      {testToken, " " + testKey[1:], []string{testOwner}, "aesKey"},
		"with a line break": {testToken, "\n" + testKey[1:], []string{testOwner}, "aesKey"},
		"of the URL's kind": {testToken, "-" + testKey[1:], []string{testOwner}, "aesKey"},
		"no owner":          {testToken, testKey, nil, "ownerKeys"},
		"only empty owners": {testToken, testKey, []string{"", ""}, "ownerKeys"},
	} {
		_, err := dingtalk.NewCallback(c.token, c.key, c.owners)
		e, ok := errors.AsType[*errs.Error](err)
		if !ok || e.Reason != "callback.key_invalid" || e.Fields[c.field] == "" {
			t.Errorf("%s: got %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), testKey[1:40]) {
			t.Errorf("%s: %v shows the key", name, err)
		}
	}
	// 4 of 5 published keys carry bits in their last character that a strict decoder refuses.
	if _, err := dingtalk.NewCallback(testToken, vectors["B"].key, []string{testOwner}); err != nil {
		t.Fatal(err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(`{"EventType":"user_add_org","CorpId":"c","UserId":["a"],"TimeStamp":"1600000000000"}`), true)
	f.Add([]byte(`{"eventType":"x","eventId":1,"timeStamp":1.6e12}`), true)
	f.Add(frame(`{"EventType":"check_url"}`, testOwner), false)
	f.Add([]byte("0123456789abcdef\xff\xff\xff\xff{}dingappkey00000000\x20"), false)
	c := newCallback(f)
	f.Fuzz(func(t *testing.T, data []byte, isMessage bool) {
		var query url.Values
		var body []byte
		if isMessage {
			query, body = dingTalk.pushMessage(t, string(data), testOwner)
		} else {
			query, body = dingTalk.push(dingTalk.encrypt(t, data[:len(data)/16*16]))
		}
		push, err := c.Open(query, body)
		if err != nil {
			if !strings.HasPrefix(errs.ReasonOf(err), "callback.") || errors.Is(err, dingtalk.ErrCallbackSignature) {
				t.Fatalf("got %v", err)
			}
			return
		}
		if isMessage && string(push.Plaintext) != string(data) {
			t.Fatalf("pushed %q, got %q", data, push.Plaintext)
		}
		if !json.Valid(push.Plaintext) || push.EventType == "" || push.DedupeKey == "" || push.Owner != testOwner {
			t.Fatalf("accepted %+v", push)
		}
	})
}

func BenchmarkCallback(b *testing.B) {
	c := newCallback(b, "dingother", "dingcorp0000000000000000000000001")
	query, body := dingTalk.pushMessage(b, vectors["S2"].plaintext, "dingcorp0000000000000000000000001")
	b.ReportAllocs()
	for b.Loop() {
		push, err := c.Open(query, body)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Answer(push.Owner, dingtalk.CallbackSuccess); err != nil {
			b.Fatal(err)
		}
	}
}
