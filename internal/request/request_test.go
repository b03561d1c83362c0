package request_test

import (
	"testing"

	"github.com/posthouse/posthouse/internal/request"
)

func TestLanguageFollowsTheHeaderAndIsChineseOtherwise(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]request.Language{
		"":                        request.Chinese,
		"zh-CN,zh;q=0.9,en;q=0.8": request.Chinese,
		"en":                      request.English,
		"en-US,en;q=0.9":          request.English,
		"fr-FR, en;q=0.5":         request.English,
		"en;q=0.3, zh;q=0.7":      request.Chinese,
		"en;q=0.7, zh;q=0.3":      request.English,
		"*":                       request.Chinese,
		"de":                      request.Chinese,
		"en; q=0.9, zh; q=0.95":   request.Chinese,
		";;;,q=,":                 request.Chinese,
	} {
		if got := request.ParseLanguage(header); got != want {
			t.Errorf("%q gave %s, want %s", header, got, want)
		}
	}
}

func TestInfoTravelsInTheContext(t *testing.T) {
	t.Parallel()
	ctx := request.With(t.Context(), &request.Info{ID: "r1", Language: request.English})
	if got := request.From(ctx); got.ID != "r1" || got.Language != request.English {
		t.Fatalf("got %+v", got)
	}
	if got := request.From(t.Context()); got.Language != request.Chinese {
		t.Fatalf("got %+v", got)
	}
}
