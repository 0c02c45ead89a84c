# Two commands do everything on a machine with Debian, Python 3.11 and make: `make demo`, `make test`.
# Each makes its own environment in .venv; nothing else on the machine is changed, except that
# python3-venv is installed with apt-get where it is missing and may be.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
STAMP := .venv/.installed
TEST_STAMP := .venv/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help demo test check unit test-spark bench clean pins

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(STAMP) ## Run a whole day on a synthetic book and show the KPIs and the reconciliation
	$(BIN)/factory demo

test: check unit ## Check the code and run every test (skips what needs a tape or Java, and says so)

check: $(TEST_STAMP) ## Lint, types, floors, settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/factory check --workspace .

unit: $(TEST_STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadgroup --ignore=tests/spark

test-spark: .venv-spark/.installed ## Run the same models on PySpark and compare every row (needs Java)
	.venv-spark/bin/python -m pytest -q -p no:cacheprovider tests/spark

bench: $(TEST_STAMP) ## Measure the figures of benchmarks/results.md (10 minutes, 10 GB of disk)
	$(PIP) install --quiet --require-hashes -r requirements/bench.txt
	$(BIN)/python benchmarks/tape.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/compare.py

clean: ## Remove the environments and everything made
	rm -rf .venv .venv-spark .cache demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

pins: $(TEST_STAMP) ## Compile the hashed pins again from the .in files
	.ci/pin

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/install-venv
	rm -rf .venv
	$(PYTHON) -m venv .venv
	touch $@

$(STAMP): .venv/.made pyproject.toml requirements/base.txt
	$(PIP) install --quiet --require-hashes -r requirements/base.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(TEST_STAMP): $(STAMP) requirements/dev.txt
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	touch $@

.venv-spark/.installed: requirements/spark.txt pyproject.toml
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/install-venv
	rm -rf .venv-spark
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/python -m pip --disable-pip-version-check --no-input install --quiet --require-hashes -r requirements/spark.txt
	.venv-spark/bin/python -m pip --disable-pip-version-check --no-input install --quiet --no-deps --no-build-isolation -e .
	touch $@
