package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" // the platform's signature is SHA-1
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
)

const (
	aesKeyLen   = 43 // characters of the configured key
	padBlock    = 32 // not AES's 16 (protocols.md §4.2)
	randomLen   = 16
	lengthLen   = 4
	headerLen   = randomLen + lengthLen
	maxPlainLen = 1 << 20
)

// cryptor encrypts and decrypts callback payloads (protocols.md §4.2).
type cryptor struct {
	token string
	key   []byte // 32 bytes; the first 16 are the IV
}

func newCryptor(token, aesKey string) (*cryptor, error) {
	if len(aesKey) != aesKeyLen {
		return nil, errors.New("the AES key has 43 characters")
	}
	for i := range len(aesKey) {
		if c := aesKey[i]; !isIDByte(c) || c == '-' || c == '_' {
			return nil, errors.New("the AES key consists of letters and digits")
		}
	}
	// Not Strict: the two bits that 43 characters have too many are often set.
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil {
		return nil, errors.New("the AES key is not base64")
	}
	return &cryptor{token: token, key: key}, nil
}

// encrypt seals msg for owner with 16 given random bytes.
func (c *cryptor) encrypt(random []byte, msg []byte, owner string) (string, error) {
	if len(random) != randomLen {
		return "", errors.New("16 random bytes are needed")
	}
	block, err := aes.NewCipher(c.key)
	if err != nil {
		return "", err
	}
	plain := make([]byte, 0, headerLen+len(msg)+len(owner)+padBlock)
	plain = append(plain, random...)
	plain = binary.BigEndian.AppendUint32(plain, uint32(len(msg)))
	plain = append(plain, msg...)
	plain = append(plain, owner...)
	pad := padBlock - len(plain)%padBlock // 32 when the block is full already
	for range pad {
		plain = append(plain, byte(pad))
	}
	cipher.NewCBCEncrypter(block, c.key[:aes.BlockSize]).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain), nil
}

// decrypt opens what encrypt sealed and returns the owner key found inside. The
// caller has checked the signature and compares the owner.
func (c *cryptor) decrypt(encrypted string) (msg []byte, owner string, err error) {
	data, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil {
		return nil, "", errors.New("encrypt is not standard base64")
	}
	if len(data) < padBlock || len(data)%aes.BlockSize != 0 || len(data) > maxPlainLen {
		return nil, "", errors.New("encrypt has an impossible length")
	}
	block, err := aes.NewCipher(c.key)
	if err != nil {
		return nil, "", err
	}
	cipher.NewCBCDecrypter(block, c.key[:aes.BlockSize]).CryptBlocks(data, data)
	pad := int(data[len(data)-1])
	if pad < 1 || pad > padBlock || pad > len(data)-headerLen {
		return nil, "", errors.New("padding does not hold (wrong AES key?)")
	}
	data = data[:len(data)-pad]
	length := binary.BigEndian.Uint32(data[randomLen:headerLen])
	rest := data[headerLen:]
	if uint64(length) > uint64(len(rest)) {
		return nil, "", errors.New("length field does not hold (wrong AES key?)")
	}
	return rest[:length], string(rest[length:]), nil
}

// signature is over the four strings in byte order, in lower-case hex.
func (c *cryptor) signature(timestamp, nonce, encrypted string) string {
	parts := []string{c.token, timestamp, nonce, encrypted}
	slices.Sort(parts)
	h := sha1.New()
	for _, p := range parts {
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}
