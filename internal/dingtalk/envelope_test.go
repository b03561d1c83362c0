package dingtalk

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestBothGenerationsOfEventsAreRead(t *testing.T) {
	t.Parallel()
	const hashed = "a hash"
	for name, c := range map[string]struct {
		plaintext           string
		kind, corp, id, key string
		at                  int64 // ms
	}{
		"documented today": {
			`{"EventType":"user_add_org","EventTime":1663143335567,"CorpId":"ding1","BizId":"1663","eventId":"c7c7","timeStamp":"1685501863357","userId":["015xxxx227"]}`,
			"user_add_org", "ding1", "c7c7", "c7c7", 1663143335567,
		},
		"captured 2021": {
			`{"CorpId":"ding1","EventType":"user_add_org","UserId":["184919295227658120"],"OptStaffId":"manager164","TimeStamp":"1640921671286"}`,
			"user_add_org", "ding1", "", hashed, 1640921671286,
		},
		"captured 2023":          {`{"EventType":"user_modify_org","eventId":"83546b","CorpId":"c","TimeStamp":"1640921671286"}`, "user_modify_org", "c", "83546b", "83546b", 1640921671286},
		"a number for a time":    {`{"EventType":"check_in","TimeStamp":1495542282000,"CorpId":"c","StaffId":"s"}`, "check_in", "c", "", hashed, 1495542282000},
		"seconds":                {`{"EventType":"x","TimeStamp":1495542282}`, "x", "", "", hashed, 1495542282000},
		"exponents":              {`{"EventType":"x","TimeStamp":1.495542282e12}`, "x", "", "", hashed, 1495542282000},
		"lower-case corpId":      {`{"EventType":"bpms_instance_change","processInstanceId":"p","corpId":"ding2","type":"start"}`, "bpms_instance_change", "ding2", "", hashed, 0},
		"corpid":                 {`{"eventtype":"attend_group_change","corpid":"ding3","id":1}`, "attend_group_change", "ding3", "", hashed, 0},
		"ids as numbers":         {`{"EventType":"x","eventId":720620303251234567,"CorpId":42}`, "x", "42", "720620303251234567", "720620303251234567", 0},
		"a bad time, a good one": {`{"EventType":"x","EventTime":"soon","TimeStamp":"1640921671286"}`, "x", "", "", hashed, 1640921671286},
		"no usable time":         {`{"EventType":"x","EventTime":-5,"TimeStamp":[1]}`, "x", "", "", hashed, 0},
		"a time past all years":  {`{"EventType":"x","TimeStamp":9e300,"EventTime":"99999999999999999"}`, "x", "", "", hashed, 0},
		"not a number":           {`{"EventType":"x","TimeStamp":"NaN"}`, "x", "", "", hashed, 0},
		"the first spelling":     {`{"eventType":"a","EventType":"b","EVENTTYPE":null}`, "a", "", "", hashed, 0},
		"null before a value":    {`{"EventType":null,"eventType":"b"}`, "b", "", "", hashed, 0},
		"escapes":                {`{"EventType":"us\u0065r","CorpId":"a\/b"}`, "user", "a/b", "", hashed, 0},
		"objects for words":      {`{"EventType":"x","CorpId":{"a":1},"eventId":[1]}`, "x", "", "", hashed, 0},
		"an eventId like a hash": {`{"EventType":"x","eventId":"sha256:00"}`, "x", "", "sha256:00", hashed, 0},
		"an eventId with NUL":    {`{"EventType":"x","eventId":"a\u0000"}`, "x", "", "a\x00", hashed, 0},
		"a very long eventId":    {`{"EventType":"x","eventId":"` + strings.Repeat("e", 4000) + `"}`, "x", "", strings.Repeat("e", 4000), hashed, 0},
		"events of tomorrow":     {`{"EventType":"never_seen","deep":{"a":[{"b":null}]}}`, "never_seen", "", "", hashed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := readPush([]byte(c.plaintext), "o")
			if err != nil {
				t.Fatal(err)
			}
			if p.EventType != c.kind || p.CorpID != c.corp || p.EventID != c.id || string(p.Plaintext) != c.plaintext {
				t.Errorf("got %+v", p)
			}
			if c.at == 0 != p.OccurredAt.IsZero() || c.at != 0 && !p.OccurredAt.Equal(time.UnixMilli(c.at)) {
				t.Errorf("got %v, want %d", p.OccurredAt, c.at)
			}
			if c.key == hashed && len(p.DedupeKey) != len(hashedKey)+64 || c.key != hashed && p.DedupeKey != c.key {
				t.Errorf("got the key %q", p.DedupeKey)
			}
		})
	}
}

func TestEventsWithoutATypeAreRefused(t *testing.T) {
	t.Parallel()
	for _, plaintext := range []string{
		"", "null", "[]", `"x"`, "success", "{}", `{"EventType":""}`, `{"EventType":null}`, `{"EventType":" "}`, `{"EventType":["x"]}`,
		`{"EventType":"x"}{}`, `{"EventType":"x"`, "{\"EventType\":\"\xff\"}", `{"EventType":"x\u0000"}`, `{"EventType":"x","CorpId":"\u0000"}`,
		`{"EventType":"` + strings.Repeat("x", maxWord+1) + `"}`, strings.Repeat("[", 100_000),
	} {
		if p, err := readPush([]byte(plaintext), "o"); err == nil {
			t.Errorf("%.60q: got %+v", plaintext, p)
		}
	}
}

func TestEventsWithoutAnIDAreToldApartByTheirText(t *testing.T) {
	t.Parallel()
	keys := map[string]string{}
	for _, plaintext := range []string{
		`{"EventType":"user_add_org","CorpId":"c","TimeStamp":"1640921671286","UserId":["a"]}`,
		`{"EventType":"user_add_org","CorpId":"c","TimeStamp":"1640921671286","UserId":["b"]}`,
		`{"EventType":"user_add_org","CorpId":"c","TimeStamp":"1640921671287","UserId":["a"]}`,
		`{"EventType":"user_add_org","CorpId":"d","TimeStamp":"1640921671286","UserId":["a"]}`,
		`{"EventType":"user_leave_org","CorpId":"c","TimeStamp":"1640921671286","UserId":["a"]}`,
	} {
		p, err := readPush([]byte(plaintext), "o")
		if err != nil {
			t.Fatal(err)
		}
		if twin, ok := keys[p.DedupeKey]; ok {
			t.Errorf("%s and %s have one key", plaintext, twin)
		}
		keys[p.DedupeKey] = plaintext
	}
}

func TestOnlyChecksOfTheAddressAreChecks(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{
		"check_url": true, "check_create_suite_url": true, "check_update_suite_url": true,
		"check_in": false, "suite_ticket": false, "user_add_org": false,
	} {
		p, err := readPush([]byte(`{"EventType":"`+kind+`","Random":"brdkKLMW"}`), "o")
		if err != nil || p.IsCheck != want {
			t.Errorf("%s: got %v, %v", kind, p.IsCheck, err)
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add(`{"EventType":"user_add_org","EventTime":1663143335567,"CorpId":"ding1","eventId":"c7c7","timeStamp":"1685501863357"}`)
	f.Add(`{"eventtype":"a\u0062","CORPID":-1e5,"eventId":"\ud800","TimeStamp":"NaN"}`)
	f.Fuzz(func(t *testing.T, plaintext string) {
		p, err := readPush([]byte(plaintext), "o")
		if err != nil {
			return
		}
		for _, word := range []string{p.EventType, p.CorpID, p.DedupeKey} {
			if len(word) > maxWord || strings.ContainsRune(word, 0) || !utf8.ValidString(word) {
				t.Fatalf("%q cannot be stored", word)
			}
		}
		if y := p.OccurredAt.Year(); y < 1 || y > 9999 {
			t.Fatalf("year %d", y)
		}
		again, err := readPush([]byte(plaintext), "o")
		if err != nil || again.DedupeKey != p.DedupeKey {
			t.Fatalf("keys %q and %q, %v", p.DedupeKey, again.DedupeKey, err)
		}
	})
}
