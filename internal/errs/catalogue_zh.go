package errs

// chinese holds what is shown to people who read Chinese, by reason. A test keeps it complete.
var chinese = map[string]string{
	"account.last_owner":       "这是最后一位可用的所有者，请先设置另一位所有者。",
	"account.not_found":        "没有这个账号。",
	"account.password_weak":    "密码须为 8 到 256 个字符，不能是常见密码，也不能包含用户名或手机号。",
	"account.phone_invalid":    "手机号不正确，无法接收消息。请按 13800000001 或 +8613800000001 的格式填写。",
	"account.phone_taken":      "该手机号已属于另一个账号。",
	"account.roles_invalid":    "角色只能是 OWNER、ADMIN 或 MEMBER。",
	"account.suspend_self":     "不能停用自己的账号。",
	"account.suspended":        "该账号已停用，请联系管理员。",
	"account.username_invalid": "用户名须为 2 到 32 个字符，可用文字、数字、点、短横线和下划线，并以文字或数字开头。",
	"account.username_taken":   "该用户名已被使用，请换一个。",

	"authz.forbidden": "您的角色没有此权限。",

	"broadcast.idempotency_conflict":    "该幂等键已用于另一条内容不同的群发。",
	"broadcast.idempotency_key_invalid": "幂等键须为 1 到 128 个字符。",
	"broadcast.mentions_unsupported":    "链接消息和 FeedCard 消息不能 @ 任何人。",
	"broadcast.message_invalid":         "消息缺少必填内容，或内容不正确。",
	"broadcast.no_robots":               "请选择 1 到 100 个互不相同的机器人。",
	"broadcast.not_found":               "没有这条群发。",
	"broadcast.send_at_invalid":         "定时发送最多可提前 90 天设置。",
	"broadcast.too_long":                "消息太长：钉钉最多接受 20,000 字节，请缩短或拆成几条。",
	"broadcast.too_many_mentions":       "一条消息最多 @ 50 人。",

	"callback.app_unknown":       "没有配置这个名称的钉钉应用。",
	"callback.body_invalid":      "推送内容不是钉钉的格式。",
	"callback.decrypt_failed":    "推送无法解密，请核对钉钉后台的加密 aes_key。",
	"callback.key_invalid":       "回调配置无效。",
	"callback.not_stored":        "事件未能保存，请重新推送。",
	"callback.owner_unknown":     "该推送属于其他应用或企业。",
	"callback.signature_invalid": "推送签名缺失或不正确，请核对钉钉后台的 Token。",
	"callback.stale":             "推送时间与本机时间相差过大。",

	"event.filter_invalid": "筛选条件最多包含 50 个事件类型，且不能为空。",
	"event.not_found":      "没有这个事件，或已超过保留期限。",

	"internal": "服务器出错了，已按请求编号记录。",

	"login.busy":                "此刻登录的人太多，请过几秒再试。",
	"login.factor_required":     "还需要一步验证：请获取验证码并填写。",
	"login.invalid_credentials": "用户名或密码不正确。",
	"login.registration_closed": "此处不开放注册，请向管理员申请账号。",

	"otp.cooldown":       "验证码刚刚发送过，请稍等再获取。",
	"otp.expired":        "验证码已过期，请重新获取。",
	"otp.invalid":        "验证码不正确，请核对后重试。",
	"otp.limit":          "获取验证码的次数过多，请稍后再试。",
	"otp.no_channel":     "尚未设置验证码的发送方式，请联系管理员开启。",
	"otp.too_many_tries": "验证码错误次数过多，请重新获取。",

	"overview.range_invalid": "结束时间须晚于开始时间，且最多相隔 400 个时间段。",

	"page.cursor_invalid": "该游标不是由本服务器给出的。",
	"page.first_invalid":  "first 须在 1 到 200 之间。",

	"query.batch_too_large":         "批量请求为空，或包含的操作过多。",
	"query.introspection_disabled":  "只有管理员可以查询接口定义。",
	"query.invalid":                 "查询与接口定义不符。",
	"query.operation_unknown":       "文档中有多个操作，或没有这个名称的操作，请在 operationName 中指明一个。",
	"query.persisted_hash_mismatch": "持久化查询的哈希与随附的查询不一致。",
	"query.persisted_not_found":     "PersistedQueryNotFound",
	"query.subscription_transport":  "订阅需要使用 WebSocket，或设置 Accept: text/event-stream。",
	"query.syntax":                  "查询不是有效的 GraphQL。",
	"query.too_complex":             "一次查询的内容过多，请减少每页条数或字段。",
	"query.too_deep":                "查询嵌套过深，请分成几次查询。",

	"rate.connections":   "打开的连接过多，请先关闭一些。",
	"rate.limited":       "请求过于频繁，请稍后再试。",
	"rate.subscriptions": "订阅过多，请先结束一些。",

	"request.body_invalid":       "请求正文须为 JSON 对象，包含 query，可选 variables、operationName 和 extensions。",
	"request.cancelled":          "请求在完成之前被取消。",
	"request.content_type":       "请以 UTF-8 编码的 Content-Type: application/json 发送请求。",
	"request.method_not_allowed": "此路径不支持该请求方法。",
	"request.method":             "查询可用 GET 或 POST，变更只能用 POST。",
	"request.not_acceptable":     "请接受 application/json、application/graphql-response+json 或 text/event-stream。",
	"request.path_unknown":       "此路径下没有内容。接口在 /graphql。",
	"request.too_large":          "请求过大。",

	"robot.keyword_invalid": "机器人最多有十个关键词，每个 1 到 64 个字符。",
	"robot.name_invalid":    "机器人名称须为 1 到 64 个字符。",
	"robot.name_taken":      "已有同名的机器人。",
	"robot.not_found":       "没有这个机器人。",
	"robot.secret_invalid":  "加签密钥以 SEC 开头，且不含空格。",
	"robot.sends_codes":     "登录验证码由这个名称的机器人发送，没有它谁也无法登录。请先在配置的 otp.group_robot 中改用另一个机器人，或把 login.factors 改为 [PASSWORD]，并重启服务。",
	"robot.webhook_invalid": "请粘贴钉钉显示的完整 Webhook 地址，或其中的 access_token。",
	"robot.webhook_taken":   "该 Webhook 已被另一个机器人使用。",

	"server.keys_invalid": "主密钥不正确。",
	"server.keys_missing": "缺少密钥文件。",
	"server.not_ready":    "服务器暂时无法处理请求。",
	"server.stopping":     "服务器正在停止，请稍后再试。",

	"session.expired":   "登录已失效，请重新登录。",
	"session.missing":   "请先登录。",
	"session.not_found": "没有这个会话。",
	"session.reused":    "该刷新令牌已被使用过，为安全起见会话已结束，请重新登录。",

	"setup.done":          "已经有所有者了，请直接登录。",
	"setup.token_invalid": "该初始设置链接已失效。请重启服务，启动时会给出新的链接。",

	"store.address_invalid": "数据库地址不正确。",
	"store.busy":            "数据库繁忙，请稍后再试。",
	"store.closed":          "服务器正在关闭。",
	"store.damaged":         "数据库已损坏，请联系管理员。",
	"store.disk_failed":     "数据库所在磁盘无法正常读写，请联系管理员。",
	"store.disk_full":       "数据库所在磁盘已满，请联系管理员。",
	"store.foreign":         "该数据库属于其他程序。",
	"store.locked":          "另一个进程正在使用该数据库。",
	"store.newer_schema":    "该数据库由更新版本的程序写入。",
	"store.read_only":       "数据库无法写入，请联系管理员。",
	"store.unreachable":     "暂时无法连接数据库，请稍后再试。",

	"wechat.app_unknown":   "没有配置该 appid 的小程序。",
	"wechat.code_invalid":  "微信登录凭证无效：有效期五分钟且只能使用一次，请重新登录。",
	"wechat.login_blocked": "微信判定该用户存在风险，禁止登录。",
	"wechat.misconfigured": "服务器上的小程序配置有误，请联系管理员。",
	"wechat.rate_limited":  "微信登录过于频繁，请稍后再试。",
	"wechat.unavailable":   "暂时无法连接微信，请重新登录。",
}

// chineseFields holds what is said about one field of a form, by its English words.
var chineseFields = map[string]string{
	"A role is OWNER, ADMIN or MEMBER.": "角色只能是 OWNER、ADMIN 或 MEMBER。",
	"A username has 2 to 32 letters, digits, dots, dashes or underscores and begins with a letter or digit.": "用户名须为 2 到 32 个字符，可用文字、数字、点、短横线和下划线，并以文字或数字开头。",
	"This username is taken. Please choose another.":                                                         "该用户名已被使用，请换一个。",
	"This is not a phone number that can receive messages. Write it as 13800000001 or +8613800000001.":       "手机号不正确，无法接收消息。请按 13800000001 或 +8613800000001 的格式填写。",
	"This phone number belongs to another account.":                                                          "该手机号已属于另一个账号。",
	"It is longer than 256 characters.":                                                                      "密码超过 256 个字符。",
	"It is not valid text.":                                                                                  "密码含有无法识别的字符。",
	"It has fewer than 8 characters.":                                                                        "密码少于 8 个字符。",
	"It is one character repeated.":                                                                          "密码只是同一个字符的重复。",
	"It is one of the most common passwords.":                                                                "这是最常见的密码之一，很容易被猜到。",
	"It contains the username.":                                                                              "密码包含用户名。",
	"It contains the phone number.":                                                                          "密码包含手机号。",
}
