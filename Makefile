# Build, run, test, check and measure Paceline. Needs Rust, Python >= 3.10 and Node >= 20; everything else is
# fetched by cargo, pip and npm.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: build program dashboard wheel run test test-rust test-python test-dashboard check bench openapi clean

PYTHON ?= python3
PROGRAM := target/release/paceline
TOOLS := .venvs/tools
# The peer, to compare with and to measure against, and real trainers.
PEER := .venvs/peer
TRAINERS := .venvs/trainers
# Clients made from the OpenAPI document, and requests made up from it.
API := .venvs/api
CLIENTS := tests/clients/node_modules
PEER_VERSION := 0.43.0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# One profile for everything that runs: what is tested is what ships.
NEXTEST := $(shell cargo nextest --version >/dev/null 2>&1 && echo "cargo nextest run" || echo "cargo test")

build: .venv/.installed ## the program, the wheel, and .venv with the wheel installed

dashboard: server/dashboard/dist/index.html

server/dashboard/node_modules/.installed: server/dashboard/package-lock.json
	cd server/dashboard && npm ci --no-audit --no-fund --loglevel=error
	touch $@

server/dashboard/dist/index.html: server/dashboard/node_modules/.installed $(shell find server/dashboard/src server/dashboard/index.html server/dashboard/*.ts server/dashboard/package.json -type f 2>/dev/null)
	cd server/dashboard && npm run build

program: dashboard
	cargo build --release --locked -p paceline-cli

$(TOOLS)/.installed:
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install -q 'maturin>=1.16,<2'
	touch $@

# The programs are staged fresh each time: a wheel with stale ones looks right and is not.
wheel: program $(TOOLS)/.installed
	install -D -s -m 755 -t client-py/wheel-data/scripts target/release/paceline target/release/trackio
	rm -f target/wheels/paceline-*.whl
	cd client-py && ../$(TOOLS)/bin/maturin build --release --locked -q -o ../target/wheels
	test "$$(unzip -l target/wheels/paceline-*.whl | grep -c data/scripts/)" = 2

.venv/.created:
	$(PYTHON) -m venv .venv
	.venv/bin/pip install -q scikit-learn pytest pillow playwright pandas pyarrow
	command -v chromium chromium-browser google-chrome >/dev/null || .venv/bin/playwright install chromium
	touch $@

.venv/.installed: wheel .venv/.created
	.venv/bin/pip install -q --force-reinstall --no-deps target/wheels/paceline-*.whl
	touch $@

run: build ## train a small network on scikit-learn's digits, with the web view open
	examples/run.sh

$(PEER)/.installed:
	$(PYTHON) -m venv $(PEER)
	$(PEER)/bin/pip install -q trackio==$(PEER_VERSION)
	touch $@

$(TRAINERS)/.created:
	$(PYTHON) -m venv $(TRAINERS)
	$(TRAINERS)/bin/pip install -q torch transformers accelerate
	touch $@

$(TRAINERS)/.installed: wheel $(TRAINERS)/.created
	$(TRAINERS)/bin/pip install -q --force-reinstall --no-deps target/wheels/paceline-*.whl
	touch $@

$(API)/.installed:
	$(PYTHON) -m venv $(API)
	$(API)/bin/pip install -q openapi-python-client ruff schemathesis
	touch $@

$(CLIENTS)/.installed: tests/clients/package-lock.json
	cd tests/clients && npm ci --no-audit --no-fund --loglevel=error
	touch $@

test: test-rust test-dashboard test-python ## every test

test-rust: build
	$(NEXTEST) --workspace --release --locked

test-dashboard: server/dashboard/node_modules/.installed
	cd server/dashboard && npm run check && npm test
	cd server/dashboard && npx openapi-typescript ../../docs/openapi.json -o $(CURDIR)/target/schema.d.ts --empty-objects-unknown
	cmp target/schema.d.ts server/dashboard/src/api/schema.d.ts # `make openapi` refreshes it

test-python: build $(PEER)/.installed $(TRAINERS)/.installed $(API)/.installed $(CLIENTS)/.installed
	PACELINE_PEER_PYTHON=$(CURDIR)/$(PEER)/bin/python PACELINE_TRAINERS_PYTHON=$(CURDIR)/$(TRAINERS)/bin/python \
		PACELINE_API_PYTHON=$(CURDIR)/$(API)/bin/python \
		.venv/bin/python -m pytest tests/python -q

check: dashboard ## formatting, lints, documentation
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --release --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --release --locked

bench: build $(PEER)/.installed ## both trackers in turn, as JSON lines
	$(CURDIR)/.venv/bin/python tests/bench/run.py --peer $(CURDIR)/$(PEER)/bin/python

openapi: program ## refresh the committed OpenAPI document and the types made from it
	$(PROGRAM) openapi > docs/openapi.json
	cd server/dashboard && npm run generate

clean:
	cargo clean
	rm -rf .venv .venvs $(CLIENTS) server/dashboard/dist server/dashboard/node_modules client-py/wheel-data/scripts
