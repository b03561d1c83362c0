package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// KeySize is the size of a master key in bytes.
const KeySize = 32

// ErrOpen is what a sealed value gives that was made with a key we do not have, or was changed.
var ErrOpen = errors.New("secret: this value was sealed with another key or has been altered")

// Ring seals and hashes with the newest of its keys and still reads what the older ones made. It is
// immutable and safe for concurrent use.
type Ring struct {
	keys []ringKey // newest first
}

type ringKey struct {
	id     string
	master []byte
}

// NewRing takes master keys of KeySize bytes, newest first.
func NewRing(keys ...[]byte) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("secret: a key ring needs at least one key")
	}
	r := &Ring{}
	for i, k := range keys {
		if len(k) != KeySize {
			return nil, fmt.Errorf("secret: key %d has %d bytes, wants %d", i+1, len(k), KeySize)
		}
		sum := sha256.Sum256(append([]byte("posthouse key id:"), k...))
		r.keys = append(r.keys, ringKey{id: hex.EncodeToString(sum[:4]), master: k})
	}
	return r, nil
}

// NewKey makes a random master key.
func NewKey() []byte {
	k := make([]byte, KeySize)
	_, _ = rand.Read(k) // never fails: crypto/rand aborts the program instead
	return k
}

// derive gives the key for one purpose, so that no two uses share one.
func (k ringKey) derive(purpose string) []byte {
	out, err := hkdf.Key(sha256.New, k.master, nil, "posthouse/"+purpose, KeySize)
	if err != nil {
		panic("secret: hkdf with fixed sizes cannot fail: " + err.Error())
	}
	return out
}

// Seal encrypts plain for a purpose. Owner ties the value to the row it belongs to: a sealed value
// copied to another row does not open.
func (r *Ring) Seal(purpose, owner string, plain []byte) string {
	k := r.keys[0]
	gcm := newGCM(k.derive("seal/" + purpose))
	nonce := make([]byte, gcm.NonceSize(), gcm.NonceSize()+len(plain)+gcm.Overhead())
	_, _ = rand.Read(nonce)
	box := gcm.Seal(nonce, nonce, plain, []byte(owner))
	return "s1." + k.id + "." + base64.RawURLEncoding.EncodeToString(box)
}

// Open decrypts what Seal made for the same purpose and owner. Errors: ErrOpen.
func (r *Ring) Open(purpose, owner, sealed string) ([]byte, error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != "s1" {
		return nil, ErrOpen
	}
	box, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, ErrOpen
	}
	for _, k := range r.keys {
		if k.id != parts[1] {
			continue
		}
		gcm := newGCM(k.derive("seal/" + purpose))
		if len(box) < gcm.NonceSize() {
			return nil, ErrOpen
		}
		plain, err := gcm.Open(nil, box[:gcm.NonceSize()], box[gcm.NonceSize():], []byte(owner))
		if err != nil {
			return nil, ErrOpen
		}
		return plain, nil
	}
	return nil, ErrOpen
}

// IsNewest tells whether a sealed value was made with the newest key.
func (r *Ring) IsNewest(sealed string) bool { return strings.HasPrefix(sealed, "s1."+r.keys[0].id+".") }

// Hash gives the keyed hash under which a secret is stored and found again.
func (r *Ring) Hash(purpose, value string) string {
	return mac(r.keys[0].derive("hash/"+purpose), value)
}

// Hashes gives the hash under every key, newest first, to find what an older key stored.
func (r *Ring) Hashes(purpose, value string) []string {
	out := make([]string, len(r.keys))
	for i, k := range r.keys {
		out[i] = mac(k.derive("hash/"+purpose), value)
	}
	return out
}

// Derive gives key material for a purpose from the newest key, for algorithms of their own.
func (r *Ring) Derive(purpose string) []byte { return r.keys[0].derive("derive/" + purpose) }

// Derivations gives the material of Derive under every key, newest first, so that what an older key
// signed can still be verified.
func (r *Ring) Derivations(purpose string) [][]byte {
	out := make([][]byte, len(r.keys))
	for i, k := range r.keys {
		out[i] = k.derive("derive/" + purpose)
	}
	return out
}

func mac(key []byte, value string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(value))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("secret: AES with a 32-byte key cannot fail: " + err.Error())
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("secret: GCM over AES cannot fail: " + err.Error())
	}
	return gcm
}
