package foreign_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/silenceper/wechat/v2/util"

	"github.com/posthouse/posthouse/server/sandbox"
)

// detour sends what is meant for a platform's host to the sandbox of the test
// that is running. The SDKs offer no other way: their addresses are fixed.
type detour struct {
	inner http.RoundTripper

	mu sync.Mutex
	to *url.URL
}

func (d *detour) RoundTrip(r *http.Request) (*http.Response, error) {
	switch r.URL.Host {
	case "oapi.dingtalk.com", "api.weixin.qq.com":
	default:
		return d.inner.RoundTrip(r)
	}
	d.mu.Lock()
	to := d.to
	d.mu.Unlock()
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = to.Scheme, to.Host
	return d.inner.RoundTrip(r)
}

var road = &detour{inner: http.DefaultTransport}

// TestMain lays the detour: both SDKs use the process's default transport.
func TestMain(m *testing.M) {
	http.DefaultTransport = road
	util.DefaultHTTPClient = &http.Client{Transport: road}
	os.Exit(m.Run())
}

// newBox starts a sandbox that the SDKs reach. Tests do not run in parallel.
func newBox(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	box, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box.Handler())
	t.Cleanup(func() {
		_ = box.Close()
		server.Close()
	})
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	road.mu.Lock()
	road.to = to
	road.mu.Unlock()
	return box
}
