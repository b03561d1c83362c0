package sandbox

// Codes of DingTalk's robot/send (protocols.md §1.7).
const (
	codeOK              = 0
	codeBusy            = -1
	codeParameter       = 40035
	codeNotGet          = 43001
	codeNotPost         = 43002
	codeContentType     = 43004
	codeTokenUnknown    = 300001
	codeTokenUnknownNew = 300005
	codeSecurity        = 310000
	codeMsgtype         = 400105
	codeThrottled       = 410100
	codeThrottledOld    = 130101
	codeThrottledNew    = 660026
	codeTooLong         = 460101
)

// Codes of DingTalk's app tokens and of its old host at large (protocols.md §5.6).
const (
	codeUnknownMethod = 22
	codeWrapped       = 88
	codeCorpSecret    = 40089
	codeAppSecret     = 40096
)

// Codes of WeChat (protocols.md §7.1, §7.4).
const (
	wxGrantType     = 40002
	wxAppIDInvalid  = 40013
	wxCodeInvalid   = 40029
	wxURLInvalid    = 40066
	wxSecretInvalid = 40125
	wxCodeUsed      = 40163
	wxTokenInvalid  = 40001
	wxTokenMissing  = 41001
	wxAppIDMissing  = 41002
	wxSecretMissing = 41004
	wxCodeMissing   = 41008
	wxNotPost       = 43002
	wxParse         = 47001
	wxQuota         = 45009
	wxTooOften      = 45011
)

// errcodeText says what a code of DingTalk's old host means, for faults that
// name only the code.
func errcodeText(code int) string {
	switch code {
	case codeBusy:
		return "系统繁忙"
	case codeParameter:
		return "缺少参数 json"
	case codeContentType:
		return "无效的HTTP HEADER Content-Type"
	case 400013:
		return "群已被解散"
	case 400101:
		return "access_token不存在"
	case 400102:
		return "机器人已停用"
	case codeMsgtype:
		return "不支持的消息类型"
	case 400106:
		return "机器人不存在"
	case codeThrottled:
		return "发送速度太快而限流"
	case codeThrottledOld:
		return "send too fast, exceed 20 times per minute"
	case codeThrottledNew:
		return "sending too many messages per minute"
	case 430101:
		return "含有不安全的外链"
	case 430102:
		return "含有不合适的文本"
	case 430103:
		return "含有不合适的图片"
	case 430104:
		return "含有不合适的内容"
	case codeTokenUnknown, codeTokenUnknownNew:
		return "token is not exist"
	case codeSecurity:
		return "sign not match"
	case codeTooLong:
		return "message too long, exceed 20000 bytes"
	default:
		return "fault switched on in the sandbox"
	}
}
