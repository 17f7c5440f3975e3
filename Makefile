# `make demo` and `make test` are all the set-up there is: both make their own environment first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint types unit wheel bench docs lock clean

demo: $(STAMP)
	$(BIN)/infraplan demo franklin

test: lint types unit wheel

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

# two workers: the suite is written for two cores; the network is off inside pytest
unit: $(STAMP)
	$(BIN)/python -m pytest -n 2

# the wheel as users get it: built, installed without its dependencies over the locked environment's, and run
wheel: $(STAMP)
	$(BIN)/python tests/wheel.py

bench: $(STAMP)
	for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

docs: $(STAMP)
	$(BIN)/python docs/make_reference.py

# needs uv on the path; writes pinned and hashed requirements, naming no index
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --group dev -o requirements.lock

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf $(VENV) build dist franklin .mypy_cache .ruff_cache .pytest_cache
