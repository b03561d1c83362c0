package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1" // the platform's choice, protocols.md §4.2
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const callbackPath = "/callbacks/dingtalk/" + appName

// pusher is DingTalk's side of event pushes (protocols.md §4.2), written from the protocol and not from
// our own code, so that a mistake there would show.
type pusher struct {
	address string
	block   cipher.Block
	iv      []byte
}

func newPusher(address string) (*pusher, error) {
	key, err := base64.StdEncoding.DecodeString(callbackKey + "=")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	return &pusher{address: address, block: block, iv: key[:aes.BlockSize]}, err
}

// push is what a company's directory change looks like.
func push(eventID string, at time.Time) []byte {
	return fmt.Appendf(nil, `{"eventId":%q,"EventType":"user_add_org","CorpId":%q,"TimeStamp":"%d","UserId":["manager4220","zhangsan","lisi"],"OptStaffId":"016432523231"}`,
		eventID, corpID, at.UnixMilli())
}

// request is a push as it goes over the wire.
func (p *pusher) request(message []byte) []byte {
	encrypt := p.seal(message)
	timestamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
	nonce := rand.Text()[:8]
	path := fmt.Sprintf("%s?msg_signature=%s&timestamp=%s&nonce=%s", callbackPath, signature(timestamp, nonce, encrypt), timestamp, nonce)
	return post(p.address, path, "application/json", "", fmt.Appendf(nil, `{"encrypt":%q}`, encrypt))
}

func (p *pusher) seal(message []byte) string {
	box := make([]byte, 16, 16+4+len(message)+len(appKey)+32)
	_, _ = rand.Read(box)
	box = binary.BigEndian.AppendUint32(box, uint32(len(message)))
	box = append(append(box, message...), appKey...)
	pad := 32 - len(box)%32
	box = append(box, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(p.block, p.iv).CryptBlocks(box, box)
	return base64.StdEncoding.EncodeToString(box)
}

func signature(timestamp, nonce, encrypt string) string {
	parts := []string{callbackToken, timestamp, nonce, encrypt}
	slices.Sort(parts)
	sum := sha1.New()
	for _, part := range parts {
		sum.Write([]byte(part))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// verify refuses an answer that DingTalk would refuse.
func (p *pusher) verify(body []byte) error {
	var answer struct {
		Signature string `json:"msg_signature"`
		TimeStamp string `json:"timeStamp"`
		Nonce     string `json:"nonce"`
		Encrypt   string `json:"encrypt"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if signature(answer.TimeStamp, answer.Nonce, answer.Encrypt) != answer.Signature {
		return errors.New("the answer's signature is wrong")
	}
	box, err := base64.StdEncoding.DecodeString(answer.Encrypt)
	if err != nil || len(box)%aes.BlockSize != 0 || len(box) < 32 {
		return errors.New("the answer is not encrypted")
	}
	cipher.NewCBCDecrypter(p.block, p.iv).CryptBlocks(box, box)
	text := box[20 : len(box)-int(box[len(box)-1])]
	if string(text) != "success"+appKey {
		return fmt.Errorf("the answer says %q", text)
	}
	return nil
}

// taken is the cheap look at every answer.
func taken(status int, body []byte) error {
	if status != http.StatusOK || !bytes.HasPrefix(body, []byte(`{"msg_signature":"`)) {
		return fmt.Errorf("answered %d: %s", status, body)
	}
	return nil
}
