package overview

import "github.com/posthouse/posthouse/internal/broadcast"

// texts are what an administrator reads, in one language.
type texts struct {
	language                         broadcast.Language
	noChannel, noChannelRemedy       string
	noGroupRobot, noGroupRobotRemedy string
	failed                           string
	blocked, blockedRemedy           string
	inGroup, inGroupRemedy           string
}

func textsIn(l broadcast.Language) texts {
	if l == broadcast.Chinese {
		return texts{
			language:           l,
			noChannel:          "登录需要验证码，但没有发送验证码的方式，谁也无法登录。",
			noChannelRemedy:    "在配置中设置 otp.group_robot，或把 login.factors 改为 [PASSWORD]，然后重启服务。",
			noGroupRobot:       "登录验证码应由机器人「%s」发送，但没有这个机器人。",
			noGroupRobotRemedy: "添加一个同名的机器人，或在配置中修改 otp.group_robot 后重启服务。",
			failed:             "机器人「%s」在最近 24 小时内有 %s 条消息发送失败。",
			blocked:            "机器人「%s」发送过快，正被钉钉静默。",
			blockedRemedy:      "无需处理，静默十分钟后会自动继续发送。若频繁出现，请检查是否有其他程序在使用同一个机器人。",
			inGroup:            "登录验证码由机器人「%s」发到群里，群内所有人都能看到。",
			inGroupRemedy:      "仅适合试用和很小的团队。",
		}
	}
	return texts{
		language:           l,
		noChannel:          "Signing in wants a code, but there is no way to send one: nobody can sign in.",
		noChannelRemedy:    "Set otp.group_robot in the configuration, or login.factors to [PASSWORD], and restart the server.",
		noGroupRobot:       "Login codes are to be sent by the robot \"%s\", but there is no such robot.",
		noGroupRobotRemedy: "Add a robot of that name, or change otp.group_robot in the configuration and restart the server.",
		failed:             "The robot \"%s\" could not deliver within the last 24 hours; messages that failed: %s.",
		blocked:            "The robot \"%s\" spoke too fast and DingTalk does not hear it now.",
		blockedRemedy:      "Nothing to do: it goes on by itself after ten minutes. If it happens often, see whether another program uses the same robot.",
		inGroup:            "Login codes are sent into a group by the robot \"%s\", where everyone can read them.",
		inGroupRemedy:      "Meant for trying out and very small teams.",
	}
}
