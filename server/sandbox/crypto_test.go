package sandbox

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"strings"
	"testing"
)

// Vectors of protocols.md §4.9.
var cryptoVectors = []struct {
	name, token, key, owner, timestamp, nonce, encrypted, signature, plain, random string
}{
	{
		"A", "tokenxxxx", "o1w0aum42yaptlz8alnhwikjd3jenzt9cb9wmzptgus", "dingxxxxxx", "1605695694141", "WelUQl6bCqcBa2fM",
		"X1VSe9cTJUMZu60d3kyLYTrBq5578ZRJtteU94wG0Q4Uk6E/wQYeJRIC0/UFW5Wkya1Ihz9oXAdLlyC9TRaqsQ==",
		"f36f4ba5337d426c7d4bca0dbcb06b3ddc1388fc", "success", "WelUQl6bCqcBa2fM",
	},
	{
		"B", "mryue", "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7", "ding6ccabc44d2c8d38b", "1608001896814", "WL4PK6yA",
		"0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZeKju4yhELOFchzNukR+t8SB/qk4ROMu3",
		"03044561471240d4a14bb09372dfcfd4fd0e40cb", `{"EventType":"check_url"}`, "l7Y3EcX2CU5w8av3",
	},
	{
		"S1", "tok123", selfMadeKey, "dingappkey0000000001", "1600000000000", "nonce123",
		"Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5WY7q4yoCwuRvgvxJtXYiI2hRWe8/ZTsG1ydYhcCPhcSbz8zR51LVGTeaKE/N9dzE",
		"5240c28b4b2df59afc99da75f8f849e7a4fe122e", `{"EventType":"check_url"}`, "0123456789abcdef",
	},
	{
		"S2", "tok123", selfMadeKey, "dingcorp0000000000000000000000001", "1600000000000", "nonce123",
		"Q3stYC6hdFzMh9T8HCvyDCWwgaYd26RgfVeYk/u6UYlDgsbG/K7lhvIos/WihZ5OAVWIXzlE17eV6OAOOJ4zGtlASSnUCjZQhS1QCMP2LtrD0ci8pLQXH1gbvetWYEZFqh8gsslfwlx0velyTVdcjm3caS8CSjndTW2MZ+W6NQhdWvWyqbHHZa5rNhoe2jB1LyX4aZ9U3iPuvm0wCcPS5Nh9OfdDnfAKvFmVgcA0RWeCWUD/ddtngHUtULsojhEl",
		"a877ff997c0b1aa03c8b7237c1402970c73a5265",
		`{"EventType":"user_add_org","TimeStamp":"1600000000000","UserId":["zhangsan","李四"],"CorpId":"dingcorp0000000000000000000000001"}`, "0123456789abcdef",
	},
	{
		"S3", "tok123", selfMadeKey, "ding1", "1600000000000", "nonce123",
		"Q3stYC6hdFzMh9T8HCvyDFBL5nts03LrHqeYtIrqKrSTPOkWDOLzmJKBtPZ/rwuzv5UJfGGzTt/a4aITnU9vAg==",
		"c9cc71f3d29f8333ec01a22311d5e79d190aec71", "success", "0123456789abcdef",
	},
}

const selfMadeKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

func TestCryptoVectors(t *testing.T) {
	t.Parallel()
	for _, v := range cryptoVectors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			c, err := newCryptor(v.token, v.key)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.signature(v.timestamp, v.nonce, v.encrypted); got != v.signature {
				t.Errorf("signature %s", got)
			}
			msg, owner, err := c.decrypt(v.encrypted)
			if err != nil || string(msg) != v.plain || owner != v.owner {
				t.Errorf("decrypts to %q for %q: %v", msg, owner, err)
			}
			again, err := c.encrypt([]byte(v.random), []byte(v.plain), v.owner)
			if err != nil || again != v.encrypted {
				t.Errorf("encrypts to %s: %v", again, err)
			}
		})
	}
}

func TestDecryptRefuses(t *testing.T) {
	t.Parallel()
	c, err := newCryptor("tok123", selfMadeKey)
	if err != nil {
		t.Fatal(err)
	}
	// seal encrypts a plain block as it stands, whatever it says.
	seal := func(plain []byte) string {
		block, err := aes.NewCipher(c.key)
		if err != nil {
			t.Fatal(err)
		}
		out := bytes.Clone(plain)
		cipher.NewCBCEncrypter(block, c.key[:16]).CryptBlocks(out, out)
		return base64.StdEncoding.EncodeToString(out)
	}
	block := func(length [4]byte, pad byte) []byte {
		plain := append([]byte("0123456789abcdef"), length[:]...)
		plain = append(plain, []byte("successding1")...)
		for len(plain) < 64 {
			plain = append(plain, pad)
		}
		return plain
	}
	if msg, owner, err := c.decrypt(seal(block([4]byte{0, 0, 0, 7}, 32))); err != nil || string(msg) != "success" || owner != "ding1" {
		t.Fatalf("the block itself does not hold: %q %q %v", msg, owner, err)
	}
	for name, encrypted := range map[string]string{
		"nothing":            "",
		"no base64":          "***",
		"URL alphabet":       strings.NewReplacer("+", "-", "/", "_").Replace(cryptoVectors[0].encrypted),
		"half a block":       base64.StdEncoding.EncodeToString(make([]byte, 40)),
		"one AES block":      base64.StdEncoding.EncodeToString(make([]byte, 16)),
		"length 0xFFFFFFFF":  seal(block([4]byte{255, 255, 255, 255}, 32)),
		"length 0x80000000":  seal(block([4]byte{128, 0, 0, 0}, 32)),
		"length one too far": seal(block([4]byte{0, 0, 0, 13}, 32)),
		"pad 0":              seal(block([4]byte{0, 0, 0, 7}, 0)),
		"pad 33":             seal(block([4]byte{0, 0, 0, 7}, 33)),
		"pad over header":    seal(bytes.Repeat([]byte{32}, 32)),
		"another key's":      cryptoVectors[0].encrypted,
	} {
		if msg, owner, err := c.decrypt(encrypted); err == nil {
			t.Errorf("%s: %q for %q", name, msg, owner)
		}
	}
	for _, key := range []string{"", selfMadeKey[:42], selfMadeKey + "A", selfMadeKey[:42] + "-", selfMadeKey[:42] + "="} {
		if _, err := newCryptor("tok123", key); err == nil {
			t.Errorf("key %q is accepted", key)
		}
	}
	if _, err := c.encrypt([]byte("short"), nil, ""); err == nil {
		t.Error("five random bytes are accepted")
	}
}

func FuzzDecrypt(f *testing.F) {
	for _, v := range cryptoVectors {
		f.Add(v.encrypted)
	}
	c, err := newCryptor("tok123", selfMadeKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, encrypted string) {
		if msg, owner, err := c.decrypt(encrypted); err == nil && len(msg)+len(owner) > len(encrypted) {
			t.Errorf("%d bytes out of %d", len(msg)+len(owner), len(encrypted))
		}
	})
}

func FuzzAnswer(f *testing.F) {
	s, err := New(Config{})
	if err != nil {
		f.Fatal(err)
	}
	reg, err := s.register(Callback{URL: "http://127.0.0.1/"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`{"msg_signature":"x","timeStamp":"1","nonce":"n","encrypt":"e"}`)
	f.Fuzz(func(t *testing.T, body string) {
		if _, err := reg.open([]byte(body)); err == nil {
			t.Errorf("%q passes for an answer", body)
		}
	})
}
