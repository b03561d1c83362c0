# Every target says in its own line what it does; `make help` lists them.

GO ?= go
ARGS ?=
PACKAGES ?= ./...
VERSION ?= $(shell git describe --tags --match 'v*' --dirty 2>/dev/null || echo dev)
COMMIT ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
LDFLAGS = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

.DEFAULT_GOAL := help
.PHONY: help run build ui desktop desktop-windows test lint generate fuzz bench benchmarks clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build what is missing and serve with the sandbox, data in data/ (ARGS="--listen :9000" adds flags)
	@exec ./bin/posthouse serve --sandbox --data data $(ARGS)

build: ui ## build bin/posthouse with the web apps in it
	CGO_ENABLED=0 $(GO) build -buildvcs=false -trimpath -ldflags '$(LDFLAGS)' -o bin/posthouse ./server/cmd/posthouse

ui: ## build the web apps whose sources changed (needs npm; without it they are left as they are)
	@bash .ci/ui.sh

# The window needs a web view: on Linux WebKitGTK (Debian: libgtk-3-dev libwebkit2gtk-4.1-dev).
comma := ,
DESKTOP_TAGS ?= desktop,production$(if $(filter Linux,$(shell uname -s)),$(comma)webkit2_41)


desktop: ui ## build bin/posthouse-desktop, the window (Linux: needs libgtk-3-dev and libwebkit2gtk-4.1-dev)
	CGO_ENABLED=1 $(GO) build -buildvcs=false -trimpath -tags '$(DESKTOP_TAGS)' -ldflags '$(LDFLAGS)' -o bin/posthouse-desktop ./desktop

desktop-windows: ui ## build bin/posthouse-desktop.exe for Windows, on any system
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) build -buildvcs=false -trimpath -tags desktop,production -ldflags '$(LDFLAGS) -H windowsgui' -o bin/posthouse-desktop.exe ./desktop

test: ## install what the tests need (Debian) and run them all (PACKAGES=./internal/store/... TESTFLAGS='-run X' narrow)
	@PACKAGES='$(PACKAGES)' bash .ci/test.sh

lint: ## run golangci-lint
	GOLANGCI_LINT_CACHE='$(CURDIR)/.tmp/golangci-lint' $(GO) tool -modfile=.ci/tools/go.mod golangci-lint run $(PACKAGES)

generate: ## write graph/generated, graph/model and resolver signatures from graph/schema
	$(GO) tool gqlgen generate
	@# Without the map of unmarshalers, which gqlgen builds anew for every operation and nothing here asks
	@# for; and without a goroutine for each element of a list and each field below the first level, since
	@# loaders read for all of them at once. Measured: docs/performance.md.
	sed -e '/inputUnmarshalMap := /,/^	)$$/d' -e '/graphql.WithUnmarshalerMap/d' \
		-e 's/graphql\.MarshalSliceConcurrently(/scalar.MarshalSlice(/' \
		-e 's/out\.Concurrently(i, func(ctx context\.Context) graphql\.Marshaler { return innerFunc(ctx, out) })/out.Values[i] = innerFunc(ctx, out)/' \
		graph/generated/generated.go > graph/generated/generated.go.tmp
	mv graph/generated/generated.go.tmp graph/generated/generated.go

fuzz: ## run every fuzz target for a short time (FUZZTIME=10s each)
	@PACKAGES='$(PACKAGES)' bash .ci/fuzz.sh

bench: build ## measure the built binary from outside, minutes long (docs/performance.md; BENCHFLAGS="-only viewer -scale 0.2")
	$(GO) run ./internal/bench -binary bin/posthouse $(BENCHFLAGS)

benchmarks: ## run the Go benchmarks
	$(GO) test -run '^$$' -bench . -benchmem $(PACKAGES)

clean: ## delete what was built; data/ stays
	rm -rf bin .tmp
