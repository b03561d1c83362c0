package errs

// chinese holds what is shown to people who read Chinese, by reason. A test keeps it complete.
var chinese = map[string]string{
	"internal":          "服务器出错了，已按请求编号记录。",
	"request.cancelled": "请求在完成之前被取消。",
}
