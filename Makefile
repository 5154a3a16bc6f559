# make run    build and start the made-up town on http://localhost:8080
# make dev    the same town, with pages that follow each change of ui/src, on http://localhost:5173
# make test   everything that must hold: pages, Rust, command line, end to end in a browser
# make check  the quick part of it: types, lints, formatting, dependencies; no tests
# make bench  measurements (bench/README.md)
# make fuzz   fuzz the readers and the one function that makes a colour, FUZZ_SECONDS each (60)
# make clean  remove what was built

# ARGS are passed on: make run ARGS="--people 500 --seed 7"; make bench ARGS="..."
ARGS ?=

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

TARGET := $(or $(CARGO_TARGET_DIR),target)
export PATH := $(CURDIR)/target/tools/bin:$(PATH)
say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

.PHONY: help run dev test check bench fuzz log-go clean setup-run setup-test pages dist ui rust-lint deps rust-test e2e skipped

help:
	@sed -n '/^# make/s/^# //p' Makefile

run: setup-run pages
	$(call say,Building the demo: some minutes the first time)
	cargo build --profile demo --locked -p jadegate
	$(TARGET)/demo/jadegate demo $(ARGS)

# A debug binary: quicker to make. Both end together.
dev: setup-run pages
	$(call say,Building the debug binary)
	cargo build --locked -p jadegate
	trap 'kill $$(jobs -p) 2>/dev/null || true' EXIT; \
	$(TARGET)/debug/jadegate demo $(ARGS) & cd ui && npm run --silent dev

# What fails fastest comes first. The browser tests come last: they need the binary anyway.
test: setup-test ui rust-lint deps rust-test e2e log-go skipped
	$(call say,All tests passed)

check: setup-test dist deps rust-lint
	$(call say,Pages: types; lint)
	cd ui && npm run --silent check && npm run --silent lint

# Both into one target folder: what they share is compiled once.
bench: setup-run pages
	$(call say,Building the release binary and the benchmarks)
	cargo build --release --locked -p jadegate
	cargo run --release --locked --manifest-path bench/Cargo.toml --target-dir $(TARGET) -- --binary $(TARGET)/release/jadegate $(ARGS)

fuzz:
	scripts/fuzz.sh

clean:
	cargo clean
	rm -rf fuzz/target ui/dist ui/wasm ui/node_modules ui/src/shared/openapi.d.ts e2e/results target/tools

setup-run:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test

# The binary embeds the built pages, so they come before any compiling.
pages: ui/node_modules/.package-lock.json
	$(call say,Building the pages)
	cd ui && npm run --silent build

# The lints need some pages, not the newest: building them anew would compile what embeds them anew.
dist: ui/node_modules/.package-lock.json
	@[ -f ui/dist/index.html ] || $(MAKE) --no-print-directory pages

ui/node_modules/.package-lock.json: ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund

ui: pages
	$(call say,Pages: types; lint; unit tests; size)
	cd ui && npm run --silent check
	cd ui && npm run --silent lint
	cd ui && npm run --silent test
	cd ui && npm run --silent size

rust-lint:
	$(call say,Rust: formatting and lints)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

deps:
	$(call say,Dependencies: directions between crates and files; licences; bans)
	@node --test --test-reporter=dot scripts/rust-imports.test.mjs
	node scripts/check-layers.mjs
	node scripts/check-map.mjs
	node scripts/check-decisions.mjs
	node scripts/check-deploy.mjs
	@scripts/deny.sh

rust-test:
	$(call say,Rust: tests)
	@if cargo nextest --version >/dev/null 2>&1; then \
		cargo nextest run --workspace --locked --no-fail-fast </dev/null; \
	else \
		cargo test --workspace --all-targets --locked --no-fail-fast </dev/null; \
	fi
	cargo test --workspace --doc --locked --quiet </dev/null

# Others' code over a log of ours, where Debian's Go and its x/mod are there; see the script.
log-go:
	$(call say,The public log: verified by Go)
	scripts/check-log-go.sh || [ $$? = 77 ]

# The pages in every state against a stand-in, then the whole path through the real binary. The same
# targets and features as the tests, so that nothing is compiled twice.
e2e:
	$(call say,End to end: the binary in headless Chromium)
	cd ui && npm run --silent shots && npm run --silent shots:staff
	cargo build --workspace --all-targets --locked
	E2E_BINARY="$(abspath $(TARGET))/debug/jadegate" node e2e/run.mjs $(ARGS)

skipped:
	@if [ ! -d ../shared/data ]; then \
		echo "SKIPPED: the tests on real data (../shared/data is not there)."; \
	fi
