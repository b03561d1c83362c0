package httpapi

import (
	"net/http"
	"strconv"
)

// Pages that stand in for an app that was not built into this program.
const (
	adminUnbuilt = unbuiltHead + `
<p>服务正在运行。GraphQL 接口在 <code>/graphql</code>，健康检查在 <code>/readyz</code>。</p>
<p>这个程序里没有管理页面。请安装 Node.js 20.19 或更高版本，运行 <code>make build</code>，再重新启动；或者不用管理页面，直接调用接口。</p>
<p>第一个所有者也可以用命令创建：<code>posthouse account create --username 用户名 --phone 手机号 --role owner --password-stdin</code></p>
<div lang="en">
<p>The server is running. The GraphQL API is at <code>/graphql</code>, its health at <code>/readyz</code>.</p>
<p>This program was built without the admin app. Install Node.js 20.19 or newer, run <code>make build</code> and start it again; or do without, and call the API.</p>
<p>The first owner can be made by a command, too: <code>posthouse account create --username U --phone P --role owner --password-stdin</code></p>
</div>
</html>
`
	explorerUnbuilt = unbuiltHead + `
<p>这个程序里没有 GraphiQL。请安装 Node.js 20.19 或更高版本，运行 <code>make build</code>，再重新启动。接口在 <code>/graphql</code>。</p>
<p lang="en">This program was built without GraphiQL. Install Node.js 20.19 or newer, run <code>make build</code> and start it again. The API is at <code>/graphql</code>.</p>
</html>
`
	unbuiltHead = `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Posthouse 驿站</title>
<h1>Posthouse 驿站</h1>`
)

// serveUnbuilt says how to build what was asked for: found, where it would be, and not found for a page
// within it.
func serveUnbuilt(w http.ResponseWriter, page string, found bool) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(page)))
	header.Set("Content-Security-Policy", "default-src 'none'")
	header.Set("Cache-Control", "no-store")
	status := http.StatusOK
	if !found {
		status = http.StatusNotFound
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page))
}
