//go:build xvfb

package windowtest

import (
	"context"
	"database/sql"
	"log/slog"
	"net"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/posthouse/posthouse/server"
)

func TestFoldersThatCannotBeOpenedAreExplained(t *testing.T) {
	d := newDisplay(t)
	data := filepath.Join(t.TempDir(), "data")
	other, err := server.New(t.Context(), server.Config{DataDir: data, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, d, starting{args: []string{"--local", "--data", data}})
	p.see("数据文件夹正在使用中")
	p.see(data)
	p.focus()
	d.picture(t, "problem-locked")
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	p.click("button", "重试")
	p.until(`location.pathname === '/setup'`)
	p.quit()

	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "posthouse.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	p = start(t, d, starting{args: []string{"--local", "--data", data}, env: []string{"LANG=en_GB.UTF-8", "LANGUAGE=en"}})
	p.see("The data is from a newer version")
	p.focus()
	d.picture(t, "problem-newer-en")
	p.click("button", "Choose another posthouse")
	p.see("Which posthouse?")
	d.picture(t, "start-en")
	p.click("button", "中文")
	p.see("打开哪一座驿站？")
	p.press("alt+F1") // nothing; but the menu is drawn anew before the picture
	d.picture(t, "start-language-changed")
	p.quit()
}

func TestTheWindowIsDrawnInTheDarkToo(t *testing.T) {
	d := newDisplay(t)
	p := start(t, d, starting{env: []string{"GTK_THEME=Adwaita:dark"}})
	p.see("打开哪一座驿站？")
	d.picture(t, "start-dark")
	p.quit()
}

func TestAServerElsewhere(t *testing.T) {
	d := newDisplay(t)
	data, address := t.TempDir(), freePort(t)
	p := start(t, d, starting{args: []string{"--remote", "http://" + address}})
	p.see("服务器没有运行")
	p.focus()
	d.picture(t, "problem-refused")

	stop := elsewhere(t, data, address)
	p.click("button", "重试")
	p.until(`document.querySelector('input[name=username]')`)
	d.picture(t, "remote-sign-in")
	p.typeInto("username", "owner")
	p.typeInto("password", "correct horse 9")
	p.click("button[type=submit]", "")
	p.until(`location.pathname === '/overview'`)
	p.click("a", "事件")
	p.until(`location.pathname === '/events'`)

	stop()
	p.until(`/重新连接|连接中断|无法连接|断开/.test(document.body.innerText)`)
	d.picture(t, "remote-gone")
	p.press("ctrl+r")
	p.see("服务器没有运行")
	d.picture(t, "remote-gone-reloaded")
	stop = elsewhere(t, data, address)
	p.click("button", "重试")
	p.until(`location.pathname === '/events'`)
	p.see("实时")
	d.picture(t, "remote-back")
	p.quit()
	stop()
}

func TestOpeningCanBeGivenUp(t *testing.T) {
	d := newDisplay(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // it is never accepted
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	p := start(t, d, starting{args: []string{"--remote", "http://" + silent.Addr().String()}})
	p.see("正在打开服务器…")
	p.focus()
	p.until(`getComputedStyle(document.querySelector('.late')).visibility === 'visible'`)
	d.picture(t, "opening")
	p.click("button", "改选其他驿站")
	p.see("打开哪一座驿站？")

	// An address without encryption is taken only by those who know what they do.
	p.click("input[name=address]", "")
	p.press("ctrl+a")
	d.x(t, "xdotool", "type", "--delay", "20", "http://posthouse.invalid")
	p.press("Return")
	p.see("http 地址没有加密")
	d.picture(t, "start-insecure")
	p.quit()
}

// elsewhere is a Posthouse in another process, as far as the window can tell.
func elsewhere(t *testing.T, data, address string) (stop func()) {
	t.Helper()
	srv, err := server.New(t.Context(), server.Config{
		DataDir: data, Listen: address, Logger: slog.New(slog.DiscardHandler), Login: server.LoginConfig{Factors: []string{"PASSWORD"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = srv.CreateAccount(t.Context(), server.NewAccount{Username: "owner", Phone: "+8613800000001", Password: server.NewSecret("correct horse 9"), Role: "OWNER"})
	if err != nil && server.Reason(err) != "account.username_taken" {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	}
}
