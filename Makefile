# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo run edge cluster test test-cluster test-polyglot check fix proto sync lock sbom audit bench crash crash-budgets crash-webhooks \
	cluster-trial cluster-update attack fuzz clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 3
bench: RUNS ?= 1
crash: RUNS ?= 20
cluster-trial: RUNS ?= 10
cluster-trial: SECONDS ?= 600
cluster-trial: OPERATIONS ?= 1000
cluster-trial: SEED ?= 1
fuzz: RUNS ?= 1000000
fuzz: SECONDS ?= 3600
# The tests start hundreds of servers, and each would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE
# The first of these that is Python 3.11 or newer; PYTHON=... picks another.
PYTHON ?= $(shell for candidate in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$candidate && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := server client_stubs/python/longtake tests scripts benchmarks

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Install exactly the packages of the lock file and verify their hashes.
$(READY): requirements.lock pyproject.toml client_stubs/python/pyproject.toml
	@test -n "$(PYTHON)" || { echo "Longtake needs Python 3.11 or newer: install it, or name it with PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Installing the locked packages into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes --no-deps --only-binary :all: -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e client_stubs/python -e .
	@touch $@

demo: $(READY) ## Start a server on the simulator, generate a video and check it: build/demo.mp4
	@$(BIN)/python -m scripts.demo

run: export LONGTAKE_HTTP_LISTEN ?= 127.0.0.1:8082
run: $(READY) ## Serve on 127.0.0.1:50051, HTTP on :8082, until Ctrl-C; LONGTAKE_* variables change settings
	@$(BIN)/longtake-server serve

edge: $(READY) ## Serve REST, server-sent events and gRPC-Web on :8080, with TLS on :8443, through Envoy
	@$(BIN)/python -m scripts.edge

cluster: $(READY) ## Serve on :8080 with PostgreSQL, a simulator, three replicas and Envoy, to try out
	@$(BIN)/python -m scripts.cluster

test: $(READY) ## Run every test (about 22 minutes on two cores); WORKERS=8 uses more cores
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-cluster: $(READY) ## Run the tests that take several replicas and minutes: a short trial, an update, make cluster
	$(BIN)/python -m pytest -m cluster tests/cluster

test-polyglot: $(READY) ## Run the tests of the Go, Java, Rust and TypeScript clients; skips missing tools
	$(BIN)/python -m pytest tests/polyglot

check: $(READY) ## Run every static check: style, types, imports, protos, generated code, lock file
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code protos
	BUF=$(BIN)/buf scripts/check_breaking.sh
	$(BIN)/python -m pip check
	$(BIN)/python -m pytest -q tests/project/test_project_generated.py tests/project/test_project_lock.py \
		tests/project/test_project_supply_chain.py

fix: $(READY) ## Fix what the style checks can fix, and update the tables of settings and metrics
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/buf format --write protos
	$(BIN)/python scripts/write_settings_table.py
	$(BIN)/python scripts/write_metrics_table.py

proto: $(READY) ## Regenerate the code and the API documents from the protos
	PYTHON=$(BIN)/python scripts/generate_python.sh
	$(BIN)/python -m scripts.write_api_reference
	BUF=$(BIN)/buf scripts/generate_typescript.sh
	BUF=$(BIN)/buf scripts/generate_rust.sh
	PYTHON=$(BIN)/python scripts/generate_go.sh
	$(BIN)/python -m scripts.write_openapi
	$(BIN)/python -m scripts.write_edge_contract

sync: $(READY) ## Generate the blocking half of the Python client from its asyncio half
	$(BIN)/python scripts/generate_blocking.py

lock: $(READY) ## Update the lock files; UPGRADE=--upgrade takes the newest versions
	@$(PIP) install uv==0.13.9
	UV=$(BIN)/uv scripts/lock.sh $(UPGRADE)

sbom: $(READY) ## Write the server's bill of materials in CycloneDX JSON: build/sbom.json
	@mkdir -p build
	$(BIN)/cyclonedx-py requirements requirements-server.lock --pyproject pyproject.toml --output-reproducible --of JSON -o build/sbom.json

audit: $(READY) ## Ask the package index for vulnerabilities of the locked packages; needs a network
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements-server.lock -r requirements-build.lock

bench: $(READY) ## Measure every budget, beside a bare gRPC server; NAME="calls start", RUNS=3, WRITE=--write
	@$(BIN)/python -m benchmarks $(NAME) --runs $(RUNS) $(WRITE)

crash: $(READY) ## Kill the server ten times during a thousand operations, and check them; RUNS=20
	@cd tests && ../$(BIN)/python -m crash.crash_repeat --runs $(RUNS)

crash-budgets: $(READY) ## Kill the server 25 times during ten thousand operations, and check the budgets
	@cd tests && ../$(BIN)/python -m crash.crash_budgets

crash-webhooks: $(READY) ## Kill the server while it tells a webhook of 500 operations, on both stores
	@cd tests && PYTHONPATH=.. ../$(BIN)/python -m crash.crash_webhooks

cluster-trial: $(READY) ## Harm three replicas and their database during many operations; SECONDS=60 OPERATIONS=100
	@PYTHONPATH=tests $(BIN)/python -m cluster.cluster_trial \
		--runs $(RUNS) --seconds $(SECONDS) --operations $(OPERATIONS) --seed $(SEED)

cluster-update: $(READY) ## Replace replicas of an older commit one by one under load; COMMIT=... names it
	@PYTHONPATH=tests $(BIN)/python -m cluster.cluster_update $(if $(COMMIT),--commit $(COMMIT))

attack: $(READY) ## Measure latency and memory under attacks on loopback; ATTACKS="gzip-bombs" selects
	@cd tests && ../$(BIN)/python -m crash.crash_attacks $(ATTACKS)

fuzz: $(READY) ## Fuzz a million requests, tokens, filters and bodies; RUNS=10000, SECONDS=600
	@cd tests && ../$(BIN)/python -m fuzz.fuzz_all --runs $(RUNS) --seconds $(SECONDS)

clean: ## Remove the environment, caches and build/, but not data/
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
