# The only entrance, for people and for CI. `make help` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
TESTS ?= tests
PYTEST_FLAGS ?=
# The tests as pytest has rewritten them lie beside their sources: each worker would do that anew, for eight seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bigfile mutants parity portfolios torture soak dirty fuzz-files fuzz-http bench load page screens bench-web lock format serve types ready

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: ## environment, pinned packages, compiled kernels; nothing to do the second time
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here; Tapehead needs Python 3.11 or newer. Install it, or name one: make setup PYTHON=python3.12"; exit 3; }
	@$(PYTHON) -I -B tools/setup.py

demo: setup ## a synthetic market, one strategy on all of it, results as they finish
	@$(BIN)/tapehead --home .tapehead-demo demo

serve: setup ## the service on the store of `make demo`, until Ctrl-C; HOME_DIR=folder serves another, PORT=free
	@$(BIN)/tapehead --home $(or $(HOME_DIR),.tapehead-demo) serve $(if $(PORT),--port $(PORT))

test: setup ## every test
	$(BIN)/python -m pytest -n 2 --dist worksteal $(PYTEST_FLAGS) $(TESTS)

check: setup ## format, lint, types, imports, then every test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory -j 2 types ready
	@$(MAKE) --no-print-directory test

types:
	$(BIN)/mypy src

# Beside the types, which have one processor: what every worker would do before its first test.
ready:
	@$(BIN)/python -c "from tapehead.kernels.warm import compile_all; compile_all(bar_by_bar=True)"
	@$(BIN)/python -m pytest --collect-only -qq $(TESTS) >/dev/null || echo "Not every test can be collected: see below."

mutants: setup ## break engine and store one line at a time; every break must be noticed; M=stores picks some
	$(BIN)/python -m tests.mutants $(M)

parity: setup ## random cases through Tapehead and live peers, trade by trade; N=500, SEED=1, AT=17 repeats one, TIER=2
	@benchmarks/setup_peers.sh peers
	@$(BIN)/python -m benchmarks fuzz --cases $(or $(N),500) --seed $(or $(SEED),1) $(if $(AT),--at $(AT)) $(if $(TIER),--tier $(TIER))

torture: setup ## kill, cut off, fill and damage stores; N=1000 points, SEED=1, AT=17 repeats one, KIND=import only such
	$(BIN)/python -m tests.torture --points $(or $(N),1000) --seed $(or $(SEED),1) $(if $(AT),--at $(AT)) $(if $(KIND),--kind $(KIND))

soak: setup ## backtests, streams, lost clients and cancels in a loop against a service; fails where anything grows; N=300
	$(BIN)/python -m tests.soak --rounds $(or $(N),300)

fuzz-files: setup ## damage files of every format and import them; N=10000 files, SEED=1, AT=17 repeats one
	$(BIN)/python -m tests.fuzz_files --cases $(or $(N),10000) --seed $(or $(SEED),1) $(if $(AT),--at $(AT))

fuzz-http: setup ## schemathesis over the whole OpenAPI of a real service; N=100 cases a route, SEED=1, ONLY=/runs picks some
	$(BIN)/python -m tests.fuzz_http --cases $(or $(N),100) --seed $(or $(SEED),1) $(if $(ONLY),--only $(ONLY))

dirty: setup ## random dirty markets with known truth, imported; N=2000 of them, SEED=0 is the first
	TAPEHEAD_DIRTY_MARKETS=$(or $(N),2000) TAPEHEAD_DIRTY_FIRST=$(or $(SEED),0) \
		$(BIN)/python -m pytest -q tests/acceptance/test_dirty_markets.py

portfolios: setup ## random portfolios through the engine and its slow twin, bit for bit; N=5000 of them, SEED=0 is the first
	TAPEHEAD_PORTFOLIOS=$(or $(N),5000) TAPEHEAD_PORTFOLIOS_FIRST=$(or $(SEED),0) \
		$(BIN)/python -m pytest -q -n0 tests/parity/test_portfolio.py -k the_engine_is_the_twin

bench: setup ## the workloads, with the peers in environments of their own; W=W5 picks one, W=sources what others publish
	@benchmarks/setup_peers.sh
	@$(BIN)/python -m benchmarks $(or $(W),W5)

load: setup ## a service under load: W5 over HTTP, W10, fairness, plain routes under locust; W=W10 picks one
	@benchmarks/setup_peers.sh load
	@$(BIN)/python -m benchmarks $(or $(W),load) --http

bigfile: setup ## import an unsorted file larger than memory may hold; GB=5; prints peak memory and time
	@$(BIN)/python -m benchmarks.bigfile --gb $(or $(GB),5)

page: setup ## build web/, check its types and form, run its own tests
	$(BIN)/python tools/page.py
	$(BIN)/python tools/page.py run check
	$(BIN)/python tools/page.py test

screens: setup ## write docs/screens anew: every page of a demo store, both themes, wide and phone; needs Chromium
	$(BIN)/python tools/screens.py

bench-web: setup ## the page in Chromium: first row, frames under 1,000 events a second, candles of 1M bars, sizes, memory
	@$(BIN)/python -m benchmarks web --save benchmarks/results

lock: setup ## resolve requirements.lock anew within the bounds of pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --upgrade --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --quiet -o requirements.lock

format: setup ## let ruff format and sort imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
