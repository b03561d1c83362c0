package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func BenchmarkRobotSend(b *testing.B) {
	s, err := New(Config{Options: Options{RobotPerMinute: 1_000_000}})
	if err != nil {
		b.Fatal(err)
	}
	handler := s.Handler()
	target := webhook(s, s.Credentials().Robots[0])
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(hello))
			r.Header.Set("Content-Type", "application/json")
			handler.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
}

func BenchmarkCode2Session(b *testing.B) {
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	handler := s.Handler()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			code, err := s.NewWechatCode(WechatPerson{})
			if err != nil {
				b.Error(err)
				return
			}
			r := httptest.NewRequest(http.MethodGet, sessionURL(s, code.Code, nil), nil)
			handler.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
}
