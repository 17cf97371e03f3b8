# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev

.PHONY: demo demo-mesh test test-full lint format bench docs snapshot lock clean

demo: $(STAMP)
	@$(BIN)/seawall scan examples/shop --exit-zero
	@echo "Try next: $(BIN)/seawall explain privileged-container, or $(BIN)/seawall scan YOUR-REPOSITORY"

# The shop's web and orders in a mesh on this host. Needs root, Linux and Go; says what else is missing.
demo-mesh: $(DEV_STAMP)
	@$(BIN)/python -m tools.demo_mesh

# The run-time environment: the package and its dependencies, nothing else.
$(STAMP): requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("seawall needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Call make with PYTHON=/path/to/python3.11." if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(DEV_STAMP): $(STAMP) requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

test: $(DEV_STAMP)
	$(BIN)/python -m pytest -n auto -m "not full" $(PYTEST_ARGS)

test-full: $(DEV_STAMP)
	$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV_STAMP)
	$(BIN)/python -m bench $(BENCH_ARGS)

docs: $(DEV_STAMP)
	$(BIN)/python tools/build_docs.py

# The advisories that are shipped, out of feeds laid out as docs/advisories.md says.
FEEDS ?= ../shared/feeds
snapshot: $(DEV_STAMP)
	$(BIN)/seawall db build --snapshot --from $(FEEDS) --output src/seawall/advisories/data $(addprefix --of ,$(shell cat tools/snapshot_days.txt))

# Locks hold hashes and no index addresses. Needs uv (pip install uv).
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/run.in -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header requirements/dev.in -o requirements/dev.txt

clean:
	rm -rf $(VENV) build dist docs/rules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests tools bench -name __pycache__ -prune -exec rm -rf {} +
