package sandbox

// unbuiltPage stands in for a page that was not given to New.
const unbuiltPage = `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>驿站沙箱 Posthouse sandbox</title>
<style>body{max-width:46em;margin:2em auto;padding:0 1em;font:15px/1.7 sans-serif}td{padding:0 1em .3em 0;vertical-align:top}code{overflow-wrap:anywhere}@media(max-width:40em){td{display:block;padding:0}td+td{padding-bottom:.8em}}</style>
<h1>驿站沙箱</h1>
<p>这里是本机的模拟钉钉和微信，正在运行。这个程序里没有沙箱页面：请安装 Node.js 20.19 或更高版本，运行 <code>make build</code>，再重新启动；或者直接调用下面的控制接口。</p>
<div lang="en">
<h2>Posthouse sandbox</h2>
<p>This is a local DingTalk and WeChat, and it is running. This program was built without the sandbox's page: install Node.js 20.19 or newer, run <code>make build</code> and start it again; or do without, and use the control API.</p>
</div>
<table>
<tr><td><a href="api/credentials"><code>GET api/credentials</code></a><td>密钥 <span lang="en">keys and secrets</span>
<tr><td><a href="api/messages"><code>GET api/messages?robot=&amp;user=&amp;since=</code></a><td>机器人发出的消息 <span lang="en">what robots said</span>
<tr><td><a href="api/conversations"><code>GET api/conversations</code></a><td>群聊 <span lang="en">group chats</span>
<tr><td><a href="api/users"><code>GET api/users</code></a>, <a href="api/departments"><code>api/departments</code></a><td>通讯录 <span lang="en">the directory</span>
<tr><td><code>POST api/events {"eventType","data"}</code><td>推送事件 <span lang="en">pushes an event</span>
<tr><td><a href="api/callbacks"><code>GET</code></a>, <code>POST api/callbacks {"url","token","aesKey","owner","casing"}</code><td>事件推送到哪里 <span lang="en">where events are pushed to</span>
<tr><td><a href="api/robot-messages"><code>GET</code></a>, <code>POST api/robot-messages {"text","userId","conversationType"}</code><td>对应用机器人说话 <span lang="en">says something to the app robot</span>
<tr><td><a href="api/robot-callback"><code>GET</code></a>, <code>POST api/robot-callback {"url"}</code><td>应用机器人的消息接收地址 <span lang="en">where messages to the app robot are sent</span>
<tr><td><code>POST api/wechat/codes {"openid","unionid","phone"}</code><td>微信登录码 <span lang="en">a WeChat login code</span>
<tr><td><a href="api/clock"><code>GET</code></a>, <code>POST api/clock {"advanceSeconds"}</code><td>时钟 <span lang="en">the clock</span>
<tr><td><a href="api/faults"><code>GET</code></a>, <code>PUT api/faults [{"path","kind","errcode","times"}]</code>, <code>DELETE</code><td>故障 <span lang="en">faults</span>
<tr><td><a href="api/robots"><code>GET</code></a>, <code>POST api/robots {"name","title"}</code><td>群机器人 <span lang="en">group robots</span>
</table>
</html>
`
