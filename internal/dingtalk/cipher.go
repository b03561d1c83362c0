package dingtalk

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" // the platform's choice, protocols.md §4.2
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

const (
	prefixSize = 16 // random bytes before the message
	lengthSize = 4  // its length, big-endian
	padBlock   = 32 // twice the cipher's block: pads of 17 to 32 are right
	keyChars   = 43 // of base64 without the closing "="
)

// envelopeCipher is the cipher of event pushes (protocols.md §4.2): AES-256-CBC over
// random | length | message | owner key | pad. Immutable, safe for concurrent use.
type envelopeCipher struct {
	block cipher.Block
	iv    []byte
}

// newEnvelopeCipher takes the key as the console shows it. Its last character may carry two bits that
// mean nothing, which strict decoders refuse; so the decoder must not be strict.
func newEnvelopeCipher(aesKey string) (envelopeCipher, error) {
	if len(aesKey) == keyChars+1 && aesKey[keyChars] == '=' {
		return envelopeCipher{}, errors.New(`the AES key has 43 characters; leave out the "=" at its end（密钥为 43 个字符，请去掉末尾的等号）`)
	}
	if len(aesKey) != keyChars {
		return envelopeCipher{}, fmt.Errorf("the AES key has 43 characters, not %d（密钥应为 43 个字符，现为 %d 个）", len(aesKey), len(aesKey))
	}
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if at, ok := errors.AsType[base64.CorruptInputError](err); ok {
		position := int64(at) + 1
		return envelopeCipher{}, fmt.Errorf("the AES key consists of letters and digits; character %d is neither（密钥只含字母和数字，第 %d 个字符不是）", position, position)
	}
	if len(key) != 2*aes.BlockSize { // line breaks count as characters but decode to nothing
		return envelopeCipher{}, errors.New("the AES key consists of letters and digits, without line breaks（密钥中不能有换行）")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return envelopeCipher{}, err
	}
	return envelopeCipher{block: block, iv: key[:aes.BlockSize]}, nil
}

// open decrypts what the platform sent. The parts share one buffer made for the call. The errors name
// the step that failed, for the log.
func (c envelopeCipher) open(encrypt string) (message, owner []byte, err error) {
	box, err := base64.StdEncoding.DecodeString(encrypt)
	if err != nil {
		return nil, nil, errors.New("not standard base64")
	}
	if len(box) < padBlock || len(box)%aes.BlockSize != 0 {
		return nil, nil, fmt.Errorf("%d bytes are no whole blocks", len(box))
	}
	cipher.NewCBCDecrypter(c.block, c.iv).CryptBlocks(box, box)
	pad := int(box[len(box)-1])
	if pad < 1 || pad > padBlock || pad > len(box)-prefixSize-lengthSize {
		return nil, nil, fmt.Errorf("a pad of %d bytes: probably another AES key", pad)
	}
	rest := box[prefixSize : len(box)-pad]
	// A wrong key gives absurd lengths; compared as unsigned they can neither wrap nor allocate.
	length := uint64(binary.BigEndian.Uint32(rest))
	rest = rest[lengthSize:]
	if length > uint64(len(rest)) {
		return nil, nil, fmt.Errorf("a length of %d bytes in %d: probably another AES key", length, len(rest))
	}
	return rest[:length:length], rest[length:], nil
}

// seal encrypts a message for an owner. The prefix is 16 random characters.
func (c envelopeCipher) seal(prefix, message, owner string) string {
	size := prefixSize + lengthSize + len(message) + len(owner)
	pad := padBlock - size%padBlock // a full block gets another one
	box := make([]byte, 0, size+pad)
	box = append(box, prefix...)
	box = binary.BigEndian.AppendUint32(box, uint32(len(message)))
	box = append(box, message...)
	box = append(box, owner...)
	box = append(box, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(c.block, c.iv).CryptBlocks(box, box)
	return base64.StdEncoding.EncodeToString(box)
}

// pushSignature is the lower-case hex SHA-1 of the four strings sorted bytewise.
func pushSignature(token, timestamp, nonce, encrypt string) string {
	parts := [...]string{token, timestamp, nonce, encrypt}
	slices.Sort(parts[:])
	joined := make([]byte, 0, len(token)+len(timestamp)+len(nonce)+len(encrypt))
	for _, p := range parts {
		joined = append(joined, p...)
	}
	sum := sha1.Sum(joined)
	return hex.EncodeToString(sum[:])
}
