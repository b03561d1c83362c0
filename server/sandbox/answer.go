package sandbox

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

const (
	jsonType = "application/json;charset=UTF-8"
	htmlType = "text/html;charset=utf-8"
)

// encodeJSON leaves <, > and & as they are, as the platforms do.
func encodeJSON(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Only our own structs and JSON that was parsed before come here.
		return []byte(`{"errcode":-1,"errmsg":"encoding failed"}`)
	}
	return bytes.TrimRight(buf.Bytes(), "\n")
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone is no concern of the platform
}

type errcodeAnswer struct {
	Errcode any    `json:"errcode"`
	Errmsg  string `json:"errmsg"`
}

// writeOld answers as DingTalk's old host: always HTTP 200.
func writeOld(w http.ResponseWriter, opts Options, code int, msg string) {
	write(w, http.StatusOK, jsonType, encodeJSON(errcodeAnswer{Errcode: errcode(opts, code), Errmsg: msg}))
}

// errcode is a number, or a quoted one by option (protocols.md §1.1).
func errcode(opts Options, code int) any {
	if opts.QuotedErrcode {
		return strconv.Itoa(code)
	}
	return code
}

// writeWrapped answers as the old host's gateway, which wraps the real code
// (protocols.md §5.6).
func writeWrapped(w http.ResponseWriter, opts Options, sub int, msg string) {
	code := strconv.Itoa(sub)
	write(w, http.StatusOK, jsonType, encodeJSON(struct {
		Errcode   any    `json:"errcode"`
		SubCode   string `json:"sub_code"`
		SubMsg    string `json:"sub_msg"`
		Errmsg    string `json:"errmsg"`
		RequestID string `json:"request_id"`
	}{
		Errcode: errcode(opts, codeWrapped), SubCode: code, SubMsg: msg,
		Errmsg:    "ding talk error[subcode=" + code + ",submsg=" + msg + "]",
		RequestID: strings.ToLower(rand.Text())[:13],
	}))
}

// writeNew answers as DingTalk's new host: a real status and a code in words.
func writeNew(w http.ResponseWriter, status int, code, msg string) {
	write(w, status, jsonType, encodeJSON(struct {
		RequestID string `json:"requestid"`
		Code      string `json:"code"`
		Message   string `json:"message"`
	}{RequestID: requestID(), Code: code, Message: msg}))
}

func requestID() string {
	h := strings.ToUpper(randomHex(16))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func randomHex(n int) string { return hex.EncodeToString(randomBytes(n)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}

// unknownPath answers a path that neither platform has (protocols.md §5.6), each
// in its own way.
func (s *Sandbox) unknownPath(w http.ResponseWriter, r *http.Request, _ call) {
	switch hostOf(r.URL.Path) {
	case hostNew:
		write(w, http.StatusOK, jsonType, []byte(`{"errcode":404,"errmsg":"请求的URI地址不存在"}`))
	case hostWeChat:
		s.writeWechatError(w, wechatJSON, wxURLInvalid, "invalid url")
	default:
		writeOld(w, s.options.get(), codeUnknownMethod, "Invalid method[submsg=不合法ApiName]")
	}
}

type host int

const (
	hostOld host = iota
	hostNew
	hostWeChat
)

// hostOf tells whose path it is; the platforms' paths do not collide.
func hostOf(path string) host {
	for prefix, h := range map[string]host{
		"/v1.0/": hostNew, "/v2.0/": hostNew,
		"/cgi-bin/": hostWeChat, "/wxa/": hostWeChat, "/sns/jscode2session": hostWeChat,
	} {
		if strings.HasPrefix(path, prefix) {
			return h
		}
	}
	return hostOld
}
