package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
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
	if graphql.HasOperationContext(ctx) {
		out.Path = graphql.GetPath(ctx)
	}
	located, isLocated := errors.AsType[*gqlerror.Error](err)
	if isLocated {
		out.Locations = located.Locations
		if inside, ok := below(out.Path, located.Path); ok {
			err = coercion(inside, located, err)
		}
	}
	ours := p.classify(ctx, err)
	info := request.From(ctx)
	out.Message = errs.Localize(ours, string(info.Language))
	out.Extensions = extensionsOf(ours, info)
	return out
}

// below gives what of a path lies below the field at which the error is reported. Only arguments lie
// there: their errors carry the way to the value at fault.
func below(field, path ast.Path) (ast.Path, bool) {
	if len(path) <= len(field) {
		return nil, false
	}
	return path[len(field):], true
}

// coercion makes an argument that has not the type of its place the client's fault, which it is.
func coercion(at ast.Path, located *gqlerror.Error, err error) error {
	if _, isOurs := errors.AsType[*errs.Error](err); isOurs {
		return err
	}
	return errQueryInvalid.WithDetail(at.String() + ": " + located.Message)
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
		return errQueryInvalid.WithDetail(theirs.Message)
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
	p.log.ErrorContext(ctx, "panic in an operation", "panic", fmt.Sprint(cause), "request_id", request.From(ctx).ID, "stack", string(debug.Stack()))
	return errInternal
}

// requestError makes the response of a request that never became an operation: it has no data entry.
func (p presenter) requestError(ctx context.Context, err error) *response {
	return &response{errors: gqlerror.List{p.present(ctx, err)}}
}
