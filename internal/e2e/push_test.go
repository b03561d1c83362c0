package e2e

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// pusher pushes events as DingTalk does (protocols.md §4.1, §4.2). It is written for the tests alone,
// so that neither the server nor the sandbox is asked to agree with itself.
type pusher struct {
	address, token, owner string
	key                   []byte
}

// pusher gives one that pushes to the house under the platform's app key.
func (p *platform) pusher(h *house) pusher {
	c := p.box.Credentials().DingTalk
	key, err := base64.StdEncoding.DecodeString(c.CallbackAESKey + "=")
	if err != nil {
		panic(err) // the sandbox's own constant
	}
	return pusher{address: "http://" + h.setup.Listen + "/callbacks/dingtalk/sandbox", token: c.CallbackToken, owner: c.AppKey, key: key}
}

// push sends one event and gives nil only when it was acknowledged as the platform demands.
func (p pusher) push(ctx context.Context, eventID, eventType string) error {
	plain, err := json.Marshal(map[string]any{
		"EventType": eventType, "eventId": eventID, "CorpId": "dingcorp", "TimeStamp": strconv.FormatInt(time.Now().UnixMilli(), 10),
		"UserId": []string{"zhangsan"},
	})
	if err != nil {
		return err
	}
	sealed, err := p.seal(plain)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"encrypt": sealed})
	if err != nil {
		return err
	}
	timestamp, nonce := strconv.FormatInt(time.Now().UnixMilli(), 10), rand.Text()[:8]
	query := url.Values{"signature": {p.sign(timestamp, nonce, sealed)}, "timestamp": {timestamp}, "nonce": {nonce}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s", resp.StatusCode, answer)
	}
	return p.verify(answer)
}

// verify takes an answer for an acknowledgement only if the platform would.
func (p pusher) verify(answer []byte) error {
	var a struct {
		Signature string `json:"msg_signature"`
		Timestamp string `json:"timeStamp"`
		Nonce     string `json:"nonce"`
		Encrypt   string `json:"encrypt"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return err
	}
	if a.Signature != p.sign(a.Timestamp, a.Nonce, a.Encrypt) {
		return errors.New("the answer's signature is wrong")
	}
	said, owner, err := p.open(a.Encrypt)
	if err != nil {
		return err
	}
	if said != "success" || owner != p.owner {
		return fmt.Errorf("the answer says %q for %q", said, owner)
	}
	return nil
}

func (p pusher) sign(timestamp, nonce, sealed string) string {
	parts := []string{p.token, timestamp, nonce, sealed}
	sort.Strings(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

func (p pusher) seal(plain []byte) (string, error) {
	block, err := aes.NewCipher(p.key)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	b.WriteString(rand.Text()[:16])
	_ = binary.Write(&b, binary.BigEndian, uint32(len(plain))) // a buffer takes everything
	b.Write(plain)
	b.WriteString(p.owner)
	pad := 32 - b.Len()%32
	b.Write(bytes.Repeat([]byte{byte(pad)}, pad))
	box := b.Bytes()
	cipher.NewCBCEncrypter(block, p.key[:16]).CryptBlocks(box, box)
	return base64.StdEncoding.EncodeToString(box), nil
}

func (p pusher) open(sealed string) (said, owner string, err error) {
	box, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(box) == 0 || len(box)%16 != 0 {
		return "", "", errors.New("the answer is no ciphertext")
	}
	block, err := aes.NewCipher(p.key)
	if err != nil {
		return "", "", err
	}
	cipher.NewCBCDecrypter(block, p.key[:16]).CryptBlocks(box, box)
	pad := int(box[len(box)-1])
	if pad < 1 || pad > 32 || len(box)-pad < 20 {
		return "", "", errors.New("the answer's padding is wrong")
	}
	box = box[:len(box)-pad]
	n := int(binary.BigEndian.Uint32(box[16:20]))
	if n > len(box)-20 {
		return "", "", errors.New("the answer's length is wrong")
	}
	return string(box[20 : 20+n]), string(box[20+n:]), nil
}

// stream pushes events one after the other until stop closes, each again and again until it is
// acknowledged, as the platform does, only sooner. acked is told of each; the last one, which stop may
// have interrupted, is dropped.
func (p pusher) stream(prefix string, stop <-chan struct{}, acked func(eventID string)) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-stop
		cancel()
	}()
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for n := 1; ; n++ {
		eventID := fmt.Sprintf("%s-%06d", prefix, n)
		for p.push(ctx, eventID, "user_modify_org") != nil {
			select {
			case <-stop:
				return
			case <-pace.C:
			}
		}
		acked(eventID)
		select {
		case <-stop:
			return
		case <-pace.C:
		}
	}
}
