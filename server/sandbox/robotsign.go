package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"
)

// signWindow is how far a signature's timestamp may lie from the platform's
// clock, either way; exactly an hour still passes (protocols.md §1.2).
const signWindow = time.Hour

// robotSign signs a webhook call (protocols.md §1.2). The timestamp is in
// milliseconds; the secret is both the key and part of what is signed.
func robotSign(timestamp, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp))
	mac.Write([]byte{'\n'})
	mac.Write([]byte(secret))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func checkRobotSign(query url.Values, secret string, now time.Time, form string) *refusal {
	timestamp, sign := query.Get("timestamp"), query.Get("sign")
	if timestamp == "" || sign == "" {
		return refuse310000(form, reasonSign, "")
	}
	ms, err := strconv.ParseUint(timestamp, 10, 62)
	if err != nil {
		return refuse310000(form, reasonTimestamp, "")
	}
	away := now.UnixMilli() - int64(ms)
	if away < 0 {
		away = -away
	}
	if away > signWindow.Milliseconds() {
		return refuse310000(form, reasonTimestamp, "")
	}
	if subtle.ConstantTimeCompare([]byte(sign), []byte(robotSign(timestamp, secret))) != 1 {
		return refuse310000(form, reasonSign, "")
	}
	return nil
}

type securityReason int

const (
	reasonSign securityReason = iota
	reasonTimestamp
	reasonKeyword
	reasonIP
)

// refuse310000 words a failed security check. The texts changed over the years
// (protocols.md §1.7), so clients must go by the code; the form is an option.
func refuse310000(form string, reason securityReason, ip string) *refusal {
	const help = "https://open.dingtalk.com/document/"
	if form == RefusalDescription {
		text := map[securityReason]string{
			reasonSign:      "description:机器人发送签名不匹配;solution:请确认签名和生成签名的时间戳必须都放在调用的网址中，请确认机器人的密钥加密和填写正确;link:" + help + ";",
			reasonTimestamp: "description:机器人发送签名过期;solution:签名生成时间和发送时间请保持在一小时以内;link:" + help + ";",
			reasonKeyword:   "description:关键词不匹配;solution:请联系群管理员查看此机器人的关键词，并在发送的信息中包含此关键词;link:" + help + ";",
			reasonIP:        "description:机器人发送ip不在白名单:" + ip + ";solution:请联系群管理员把此地址加入白名单;link:" + help + ";",
		}[reason]
		return &refusal{codeSecurity, text}
	}
	text := map[securityReason]string{
		reasonSign:      "sign not match",
		reasonTimestamp: "invalid timestamp",
		reasonKeyword:   "keywords not in content",
		reasonIP:        "ip " + ip + " not in whitelist",
	}[reason]
	if form == RefusalMore {
		text += ", more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"
	}
	return &refusal{codeSecurity, text}
}
