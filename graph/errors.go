package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/posthouse/posthouse/internal/errs"
	"github.com/posthouse/posthouse/internal/request"
)

var (
	errInternal  = errs.New(errs.Internal, "internal", "Something went wrong here. It has been noted under the request id.")
	errCancelled = errs.New(errs.Unavailable, "request.cancelled", "The request was given up before it was done.")
)

// presenter is the only place where errors become GraphQL errors. Whatever is not ours and not the
// client's fault shows a fixed sentence, and its cause goes to the log.
type presenter struct {
	log *slog.Logger
}

// present implements graphql.ErrorPresenterFunc.
func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	out := &gqlerror.Error{}
	if located, ok := errors.AsType[*gqlerror.Error](err); ok {
		out.Path, out.Locations = located.Path, located.Locations
	}
	if out.Path == nil && graphql.HasOperationContext(ctx) {
		out.Path = graphql.GetPath(ctx)
	}
	ours := p.classify(ctx, err)
	info := request.From(ctx)
	out.Message = errs.Localize(ours, string(info.Language))
	out.Extensions = extensionsOf(ours, info)
	return out
}

// classify finds the error of ours that stands for err, and logs what clients must not see.
func (p presenter) classify(ctx context.Context, err error) *errs.Error {
	ours, isOurs := errors.AsType[*errs.Error](err)
	if isOurs && ours.Code != errs.Internal {
		if ours.Unwrap() != nil {
			p.log.WarnContext(ctx, "request refused", "reason", ours.Reason, "error", ours, "request_id", request.From(ctx).ID)
		}
		return ours
	}
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return errCancelled
	}
	if theirs, ok := errors.AsType[*gqlerror.Error](err); ok && theirs.Err == nil {
		return errQueryInvalid.WithMessage("%s", theirs.Message)
	}
	p.log.ErrorContext(ctx, "request failed", "error", err, "request_id", request.From(ctx).ID)
	return errInternal
}

func extensionsOf(e *errs.Error, info request.Info) map[string]any {
	ext := map[string]any{"code": string(e.Code), "reason": e.Reason, "requestId": info.ID}
	if len(e.Fields) > 0 {
		ext["fields"] = errs.LocalizeFields(e, string(info.Language))
	}
	if len(e.Factors) > 0 {
		ext["factors"] = e.Factors
	}
	if e.RetryAfter > 0 {
		ext["retryAfter"] = int(math.Ceil(float64(e.RetryAfter) / float64(time.Second)))
	}
	return ext
}

// recovered implements graphql.RecoverFunc: a panic is one request's failure, never the process's.
func (p presenter) recovered(ctx context.Context, cause any) error {
	p.log.ErrorContext(ctx, "resolver panicked", "panic", fmt.Sprint(cause), "request_id", request.From(ctx).ID, "stack", string(debug.Stack()))
	return errInternal
}

// requestError makes the response of a request that never became an operation: it has no data entry.
func (p presenter) requestError(ctx context.Context, err error) *response {
	return &response{errors: gqlerror.List{p.present(ctx, err)}}
}

// response is what one operation answers. data is nil when the operation never ran.
type response struct {
	errors gqlerror.List
	data   json.RawMessage
}

// appendJSON writes the response without decoding its data again.
func (r *response) appendJSON(b []byte) []byte {
	b = append(b, '{')
	if len(r.errors) > 0 {
		b = append(b, `"errors":`...)
		encoded, err := json.Marshal(r.errors)
		if err != nil {
			encoded = []byte(`[{"message":"The errors cannot be shown.","extensions":{"code":"INTERNAL","reason":"internal"}}]`)
		}
		b = append(b, encoded...)
		if r.data != nil {
			b = append(b, ',')
		}
	}
	if r.data != nil {
		b = append(b, `"data":`...)
		b = append(b, r.data...)
	}
	return append(b, '}')
}
