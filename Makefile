# Build, run, test, check and measure Paceline. Needs Rust, Python >= 3.10 and Node >= 20; everything else is
# fetched by cargo, pip and npm.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: build program dashboard wheel run test test-rust test-python test-trainers test-dashboard check bench bench-large check-instructions record-instructions openapi clean

PYTHON ?= python3
PROGRAM := target/release/paceline
TOOLS := .venvs/tools
# The peer, to compare with and to measure against.
PEER := .venvs/peer
# Real trainers, gigabytes of them.
TRAINERS := .venvs/trainers
TRAINERS_TESTS := tests/python/trainers
# Real wandb, and what its users have beside it, to compare with.
WANDB := .venvs/wandb
# Clients made from the OpenAPI document, requests made up from it, and a type checker.
API := .venvs/api
# Hugging Face's own client and `datasets`, and readers of Parquet.
DATASETS := .venvs/datasets
CLIENTS := tests/clients/node_modules
# MCP's inspector and conformance suite, with a newer Node where this machine's is too old for them.
MCP_CLIENTS := tests/clients/mcp/node_modules
PEER_VERSION := 0.43.0
# Files of tests from outside that run at once: much of their time is waiting.
PYTEST_WORKERS ?= 2
# Share of the rows of the largest project that is measured.
SCALE ?= 1
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

.venv/.created: tests/python/packages.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install -q --upgrade -r $<
	command -v chromium chromium-browser google-chrome >/dev/null || .venv/bin/playwright install chromium
	touch $@

.venv/.installed: wheel .venv/.created
	.venv/bin/pip install -q --force-reinstall --no-deps target/wheels/paceline-*.whl
	touch $@

run: build ## train a small network on scikit-learn's digits, with the web view open
	examples/run.sh

$(PEER)/.installed:
	$(PYTHON) -m venv $(PEER)
	$(PEER)/bin/pip install -q 'trackio[spaces]==$(PEER_VERSION)' # with what it writes Parquet by
	touch $@

$(TRAINERS)/.created: $(TRAINERS_TESTS)/packages.txt
	$(PYTHON) -m venv $(TRAINERS)
	$(TRAINERS)/bin/pip install -q --upgrade -r $<
	# In the place of the one ultralytics asks for, which needs libraries of a screen.
	$(TRAINERS)/bin/pip install -q --force-reinstall --no-deps opencv-python-headless
	touch $@

$(TRAINERS)/.installed: wheel $(TRAINERS)/.created
	$(TRAINERS)/bin/pip install -q --force-reinstall --no-deps target/wheels/paceline-*.whl
	touch $@

$(WANDB)/.installed:
	$(PYTHON) -m venv $(WANDB)
	$(WANDB)/bin/pip install -q wandb numpy pandas pillow matplotlib scikit-learn soundfile tensorboardX tensorboard
	touch $@

$(API)/.installed: tests/clients/packages.txt
	$(PYTHON) -m venv $(API)
	$(API)/bin/pip install -q --upgrade -r $<
	touch $@

$(DATASETS)/.installed: tests/clients/datasets.txt
	$(PYTHON) -m venv $(DATASETS)
	$(DATASETS)/bin/pip install -q --upgrade -r $<
	touch $@

$(CLIENTS)/.installed: tests/clients/package-lock.json
	cd tests/clients && npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(MCP_CLIENTS)/.installed: tests/clients/mcp/package-lock.json
	cd tests/clients/mcp && npm ci --no-audit --no-fund --loglevel=error
	touch $@

# Those with real trainers are part of it once their packages are there; `make test test-trainers` fetches them.
test: test-rust test-dashboard test-python $(if $(wildcard $(TRAINERS)/.created),test-trainers) ## every test

test-rust: build
	$(NEXTEST) --workspace --release --locked

test-dashboard: server/dashboard/node_modules/.installed
	cd server/dashboard && npm run check && npm test
	cd server/dashboard && npx openapi-typescript ../../docs/openapi.json -o $(CURDIR)/target/schema.d.ts --empty-objects-unknown
	cmp target/schema.d.ts server/dashboard/src/api/schema.d.ts # `make openapi` refreshes it

OUTSIDE := PACELINE_PEER_PYTHON=$(CURDIR)/$(PEER)/bin/python PACELINE_API_PYTHON=$(CURDIR)/$(API)/bin/python \
	PACELINE_WANDB_PYTHON=$(CURDIR)/$(WANDB)/bin/python PACELINE_DATASETS_PYTHON=$(CURDIR)/$(DATASETS)/bin/python \
	.venv/bin/python -m pytest tests/python --ignore $(TRAINERS_TESTS) -q
test-python: build $(PEER)/.installed $(WANDB)/.installed $(API)/.installed $(DATASETS)/.installed $(CLIENTS)/.installed $(MCP_CLIENTS)/.installed
	$(OUTSIDE) -m "not alone" -n $(PYTEST_WORKERS) --dist loadfile
	$(OUTSIDE) -m alone

test-trainers: build $(TRAINERS)/.installed $(WANDB)/.installed ## tests with real trainers on the CPU: torch, transformers, TRL and more
	PACELINE_TRAINERS_PYTHON=$(CURDIR)/$(TRAINERS)/bin/python PACELINE_WANDB_PYTHON=$(CURDIR)/$(WANDB)/bin/python \
		.venv/bin/python -m pytest $(TRAINERS_TESTS) -q

check: dashboard ## formatting, lints, documentation
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --release --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --release --locked

bench: build $(PEER)/.installed ## both trackers in turn, as JSON lines
	$(CURDIR)/.venv/bin/python tests/bench/run.py --peer $(CURDIR)/$(PEER)/bin/python

bench-large: build $(PEER)/.installed ## the largest project, 60 GB; SCALE=0.1 takes a tenth of its rows
	$(CURDIR)/.venv/bin/python tests/bench/run.py --peer $(CURDIR)/$(PEER)/bin/python --large --only large --scale $(SCALE)

check-instructions: ## no more instructions on the short paths than agreed; needs valgrind
	$(PYTHON) tests/bench/instructions.py

record-instructions: ## agree to the instructions as they are now
	$(PYTHON) tests/bench/instructions.py --record

openapi: program ## refresh the committed OpenAPI document and the types made from it
	$(PROGRAM) openapi > docs/openapi.json
	cd server/dashboard && npm run generate

clean:
	cargo clean
	rm -rf .venv .venvs $(CLIENTS) $(MCP_CLIENTS) server/dashboard/dist server/dashboard/node_modules client-py/wheel-data/scripts
