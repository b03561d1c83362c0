package broadcast

import "strings"

// Language is one that people read here.
type Language string

// The languages.
const (
	Chinese Language = "zh-CN"
	English Language = "en"
)

// Remedy tells a person what to do about a platform's code (protocols.md §1.7). An unknown code gives
// general advice, no code gives nothing; any language but Chinese gives English.
func Remedy(platformCode string, l Language) string {
	if platformCode == "" || platformCode == "0" {
		return ""
	}
	r, ok := remedies()[platformCode]
	if !ok {
		r = remedy{
			"钉钉拒绝了这条消息，请根据错误码和错误信息在钉钉开放平台文档中查找原因。",
			"DingTalk refused the message. Look up the code and its message in DingTalk's documentation.",
		}
	}
	if l == Chinese {
		return r.zh
	}
	return r.en
}

type remedy struct{ zh, en string }

// remedies is a function, not a variable, so that nothing can change it.
func remedies() map[string]remedy {
	badToken := remedy{
		"机器人的 access_token 无效：机器人可能已被删除或重置。请在钉钉群的机器人设置中复制新的 Webhook 地址，并重新添加机器人。",
		"The robot's access_token is not valid: the robot may have been deleted or reset. Copy the new webhook URL from the group's robot settings and add the robot again.",
	}
	tooFast := remedy{
		"发送过快：每个机器人每分钟最多 20 条，超出后静默 10 分钟。Posthouse 会自动等待后重发。若频繁出现，说明还有其他程序在使用同一个机器人，请为 Posthouse 单独建一个，或合并消息。",
		"Sent too fast: a robot may send 20 messages a minute and is silenced for ten minutes beyond that. Posthouse waits and sends again by itself. If it happens often, another program uses the same robot: give Posthouse a robot of its own, or merge messages.",
	}
	tooLong := remedy{
		"消息过长：钉钉最多接受 20000 字节（一个汉字占 3 字节）。请缩短内容或拆成几条发送。",
		"The message is too long: DingTalk takes at most 20,000 bytes. Shorten it or split it.",
	}
	tooBusy := remedy{
		"钉钉系统繁忙，Posthouse 会自动重试，无需处理。若持续数小时，请查看钉钉的服务状态。",
		"DingTalk is busy. Posthouse tries again by itself. If it lasts for hours, check DingTalk's service status.",
	}
	apiLimit := remedy{
		"接口调用过于频繁，被钉钉限流。Posthouse 会自动重试；请减少同一出口 IP 或同一企业的其他调用。",
		"DingTalk limits the rate of calls. Posthouse tries again by itself; reduce other calls from the same address or company.",
	}
	all := map[string]remedy{
		"-1": tooBusy,
		"40035": {
			"请求缺少参数或消息体不是合法的 JSON。请检查机器人的 access_token 是否为空；若仍出现，请将这次尝试的记录反馈给 Posthouse 维护者。",
			"A parameter or the JSON body was missing. Check that the robot's access_token is not empty; if it stays, report this attempt to the maintainers of Posthouse.",
		},
		"43002": {
			"钉钉只接受 POST 请求。请检查网络中的代理是否把 POST 改成了 GET（例如重定向）。",
			"DingTalk wants a POST. Check whether a proxy on the way turns POST into GET, for instance by a redirect.",
		},
		"43004": {
			"Content-Type 请求头无效。请检查网络中的代理是否改写了请求头，应为 application/json。",
			"The Content-Type header was not valid. Check whether a proxy on the way rewrites headers; it must be application/json.",
		},
		"400013": {
			"群已解散，无法再向它发送。请在新群里添加机器人，并在 Posthouse 中改用新机器人。",
			"The group has been disbanded. Add a robot to another group and use that one in Posthouse.",
		},
		"400101": badToken,
		"400102": {
			"机器人已停用。请群管理员在机器人设置中重新启用，然后重新发送。",
			"The robot has been stopped. Ask the group's admin to enable it in the robot settings, then send again.",
		},
		"400105": {
			"机器人不支持这种消息类型。请改用文本、Markdown、链接、ActionCard 或 FeedCard。",
			"The robot does not support this type of message. Use text, markdown, link, action card or feed card.",
		},
		"400106": {
			"机器人不存在，可能已从群里移除。请重新添加机器人，并在 Posthouse 中登记新的 Webhook。",
			"The robot does not exist; it may have been removed from the group. Add one again and register its webhook in Posthouse.",
		},
		"410100": tooFast,
		"130101": tooFast,
		"660026": tooFast,
		"302033": tooFast,
		"430101": {
			"消息含有不安全的链接。请删除或更换链接后重新发送。",
			"The message has a link that DingTalk considers unsafe. Remove or replace it and send again.",
		},
		"430102": {
			"消息含有不合适的文字。请修改文字后重新发送。",
			"The message has text that DingTalk considers improper. Change the text and send again.",
		},
		"430103": {
			"消息含有不合适的图片。请更换图片后重新发送。",
			"The message has a picture that DingTalk considers improper. Replace it and send again.",
		},
		"430104": {
			"消息含有不合适的内容。请修改内容后重新发送。",
			"The message has content that DingTalk considers improper. Change it and send again.",
		},
		"310000": {
			"安全设置校验未通过，请对照错误信息检查：关键词——消息须包含机器人设置的任一关键词；加签——在 Posthouse 登记的密钥须与机器人设置中 SEC 开头的密钥一致；时间——服务器时钟误差不得超过 1 小时；IP——把本服务器的出口 IP 加入白名单。",
			"The robot's security settings refused the message. See which: keyword — the message must contain one of the robot's keywords; signature — the secret in Posthouse must be the robot's SEC… secret; time — this server's clock must be right within an hour; IP — add this server's outgoing address to the robot's list.",
		},
		"300001": badToken,
		"300005": badToken,
		"460101": tooLong,
		"101002": tooLong,
		"1111": {
			"本服务器的出口 IP 因调用过于频繁被钉钉封禁约 5 分钟。Posthouse 会自动重试；请检查同一出口 IP 上是否有其他程序在大量调用钉钉。",
			"DingTalk has banned this server's outgoing address for about five minutes because of too many calls. Posthouse tries again by itself; check whether other programs behind the same address call DingTalk a lot.",
		},
		"90020": {
			"本企业当月的钉钉接口调用次数已用完。请在钉钉管理后台查看用量并购买额度，或等到下个月。",
			"The company has used up this month's calls to DingTalk. Look at the usage in DingTalk's admin console and buy more, or wait for the next month.",
		},
	}
	// Variants of one limit: by server, company, app, suite (protocols.md §5.7).
	for _, code := range strings.Fields(`90001 90002 90003 90004 90005 90006 90007 90008 90009 90010
		90011 90012 90013 90014 90017 90018`) {
		all[code] = apiLimit
	}
	return all
}
