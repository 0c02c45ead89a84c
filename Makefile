# Two commands do everything on a machine with Debian, Python 3.11 and make: `make demo`, `make test`.
# Each makes its own environment in .venv; nothing else on the machine is changed, except that
# Debian's python3-venv, and for the tests its postgresql, are installed where they are missing and
# may be; the tests run a server of their own, and no other is started.

PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := -m pip --disable-pip-version-check --no-input install --quiet
STAMP := .venv/.installed
TEST_STAMP := .venv/.installed-dev
BENCH_STAMP := .venv/.installed-bench
SPARK := .venv-spark

# The machine says where packages come from; how they are installed here is said here. Each of
# these, set for other work, would send packages elsewhere or refuse the package itself.
export PIP_USER := 0
export PIP_REQUIRE_HASHES := 0
export PIP_REQUIRE_VIRTUALENV := 0
export PIP_DRY_RUN := 0
export PIP_TARGET :=
export PIP_PREFIX :=
export PIP_ROOT :=
export PIP_CONSTRAINT :=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check unit chaos simulate test-spark bench docs pins clean

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(STAMP) ## Run a whole day on a synthetic book; show the KPIs and the reconciliation
	$(BIN)/factory demo

test: check unit ## Check the code, then run every test (what needs a tape or Java is skipped and says so)

check: $(TEST_STAMP) ## Lint, format, types, floors of the house, settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/factory check --workspace .

unit: $(TEST_STAMP) ## Run every test and nothing else
	@.ci/install-postgresql
	$(BIN)/python -m pytest -n 2 --dist loadgroup --ignore=tests/spark

chaos: $(TEST_STAMP) ## Kill it at 200 random moments on each database (1 hour; CHAOS_SEED=N repeats one)
	@.ci/install-postgresql
	CHAOS_MOMENTS=200 $(BIN)/python -m pytest -q -s tests/chaos tests/e2e/test_e2e_killed_runs.py tests/e2e/test_e2e_full_disk.py

simulate: $(TEST_STAMP) ## Live through 30 days of faults in minutes (SIMULATE="--days 365 --seed 2")
	@.ci/install-postgresql
	$(BIN)/python -W ignore::DeprecationWarning tests/simulation/simulate.py $(SIMULATE)

test-spark: $(SPARK)/.installed ## Run the same SQL models on PySpark and compare every row (needs Java 17)
	$(SPARK)/bin/python -m pytest -q -p no:cacheprovider tests/spark

bench: $(BENCH_STAMP) ## Measure the figures of benchmarks/ (10 minutes, 10 GB of disk)
	$(BIN)/python benchmarks/tape.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/compare.py
	$(BIN)/python benchmarks/alerts.py

docs: $(TEST_STAMP) ## Write the generated pages and the shown output of docs/ again
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/make

pins: $(TEST_STAMP) ## Compile requirements/*.in to hashed pins again
	.ci/pin

clean: ## Remove the environments, the demo and every cache
	rm -rf .venv $(SPARK) .cache demo .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# An environment knows its own place: where the folder was copied or moved, it is made again.
ifneq ($(shell cat .venv/.made 2>/dev/null),$(CURDIR))
.PHONY: .venv/.made
endif
ifneq ($(shell cat $(SPARK)/.made 2>/dev/null),$(CURDIR))
.PHONY: $(SPARK)/.made
endif

.venv/.made $(SPARK)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/install-venv
	@echo "making $(@D)"
	@rm -rf $(@D)
	@$(PYTHON) -m venv $(@D)
	@printf '%s\n' "$(CURDIR)" > $@

$(STAMP): .venv/.made pyproject.toml requirements/base.txt
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/base.txt
	$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(TEST_STAMP): $(STAMP) requirements/dev.txt
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

$(BENCH_STAMP): $(TEST_STAMP) requirements/bench.txt
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/bench.txt
	@touch $@

$(SPARK)/.installed: $(SPARK)/.made requirements/spark.txt pyproject.toml
	$(SPARK)/bin/python $(PIP_INSTALL) --require-hashes -r requirements/spark.txt
	$(SPARK)/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@
