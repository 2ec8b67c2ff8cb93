# `make help` lists what there is to do.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run build test test-clients test-container explore check lint vulncheck generate bench bench-quick bench-docs bench-go fuzz cover clean

TOOL    := go tool -modfile=tools/go.mod
# The modules beside the service's own: what other services import, what measures it, and what shows how.
MODULES := authn bench examples/orders

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## run the service on the embedded database with demo data
	go run ./cmd/svc-users serve --demo

build: ## build the static binary bin/svc-users
	CGO_ENABLED=0 go build -trimpath -buildvcs=auto -ldflags "-s -w" -o bin/svc-users ./cmd/svc-users

test: ## run every test, with a throw-away PostgreSQL (installed if it is missing)
	@scripts/postgres.sh
	@scripts/install.sh nginx:nginx-light haproxy caddy pgbouncer
	@scripts/envoy.sh
	@scripts/test.sh
	@$(MAKE) --no-print-directory test-clients

test-clients: ## run the tests in other languages and in a browser
	@scripts/test-clients.sh

test-container: ## run the image and the compose files in a container engine of their own (root; else skipped)
	@scripts/container.sh

# What a failure prints is a scenario: keep it in a file, and REPLAY=file runs it again.
explore: ## attack the authorization rules for EXPLORE (10m) on both databases, from SEED (random) on
	@scripts/postgres.sh
	go test ./tests/authz -count 1 -timeout 0 -v -run '^TestExplore$$' -args -explore $(or $(EXPLORE),10m) $(if $(SEED),-explore.seed $(SEED)) $(if $(REPLAY),-explore.replay $(abspath $(REPLAY)))

# golangci-lint runs vet's analyzers too (govet).
check: lint vulncheck ## format, vet, lint, generated files, modules, compose files, vulnerabilities

lint:
	@unformatted=$$(gofmt -l *.go cmd internal tests tools $(MODULES)); test -z "$$unformatted" || { echo "not formatted (gofmt -w):"; echo "$$unformatted"; exit 1; }
	$(TOOL) golangci-lint run
	for m in $(MODULES); do (cd $$m && go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint run --config $(CURDIR)/.golangci.yaml) || exit; done
	@diff -u docs/openapi.json <(go run ./cmd/svc-users openapi) || { echo "docs/openapi.json is stale: make generate"; exit 1; }
	go mod tidy -diff
	for m in $(MODULES); do go -C $$m mod tidy -diff || exit; done
	go -C tools mod tidy -diff
	go -C tools test ./...

vulncheck: ## look for known vulnerabilities (VULNCHECK_OFFLINE=skip where no database of them is in reach)
	@scripts/vulncheck.sh

generate: ## write docs/openapi.json anew
	go run ./cmd/svc-users openapi > docs/openapi.json.new && mv docs/openapi.json.new docs/openapi.json

# Where the results go as JSON.
BENCH_JSON ?= bin/bench.json

bench: build ## measure the service on both databases beside the bare primitives (8 minutes at most)
	@scripts/postgres.sh
	go -C bench build -o ../bin/bench .
	bin/bench -json $(BENCH_JSON) $(BENCH)

bench-quick: BENCH := -quick
bench-quick: bench ## the same in a minute or so, and less firm

bench-docs: BENCH_JSON := docs/bench/results.json
bench-docs: bench ## the same, into docs/performance.md and its pictures
	bin/bench render

bench-go: ## run Go's own benchmarks, for benchstat
	go test -run '^$$' -bench . -benchmem -benchtime 200ms -timeout 10m ./...

fuzz: ## run every fuzz target for FUZZ (10s) each
	@scripts/fuzz.sh $(or $(FUZZ),10s)

cover: ## show which code the tests reach, in cover.html
	@scripts/postgres.sh
	go test -timeout 1h -coverpkg=./... -coverprofile=coverage.out ./...
	go tool cover -html=coverage.out -o cover.html

clean: ## remove what was built; data/ stays
	rm -rf bin coverage.out cover.html
