# `make demo` and `make test` do all the set-up there is: python3 (3.11 or newer), git and make.

VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
# Twice quiet: errors only.  What pip warns of (its cache, its indexes) is not about us.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help demo demo-flywheel test test-all lint format bench bench-search docs clean

help:  ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime  ## Improve a worked example, offline, in build/demo
	@[ ! -e build/demo ] || mv build/demo build/demo-$$(date +%Y%m%dT%H%M%S)  # yours to keep
	@$(BIN)/promptgit demo build/demo

demo-flywheel: $(VENV)/.flywheel  ## Turn the flywheel on made-up logs, offline, in build/flywheel
	@[ ! -e build/flywheel ] || mv build/flywheel build/flywheel-$$(date +%Y%m%dT%H%M%S)
	@$(BIN)/promptgit flywheel demo build/flywheel

test: $(VENV)/.dev  ## Run every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

test-all: $(VENV)/.spark  ## Run every test, those on Spark too (needs Java 17 or newer)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

lint: $(VENV)/.dev  ## Check style, types and the generated docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.dev  ## Put the code into its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev  ## Measure what we promise (minutes)
	@for file in benchmarks/[a-z]*.py; do $(BIN)/python $$file || exit 1; done

bench-search: $(VENV)-search/.peers  ## Compare our search with gepa and DSPy (minutes)
	@$(VENV)-search/bin/python benchmarks/search $(ARGS)

docs: $(VENV)/.dev  ## Write docs/commands.md and docs/schema anew
	@$(BIN)/python docs/generate.py

clean:  ## Remove what was built, the environment included
	rm -rf $(VENV) $(VENV)-search build dist .mypy_cache .pytest_cache .ruff_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (Debian: apt install python3-venv)" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	@echo "installing promptgit into $(VENV): a minute or so ..." >&2
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.flywheel: pyproject.toml | $(VENV)/bin/python
	@echo "installing promptgit and DuckDB into $(VENV): a minute or two ..." >&2
	@$(PIP) install --editable '.[flywheel]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@echo "installing promptgit and its tools into $(VENV): a minute or two ..." >&2
	@$(PIP) install --editable '.[dev]'
	@touch $@ $(VENV)/.runtime

$(VENV)/.spark: pyproject.toml $(VENV)/.dev
	@echo "installing Spark into $(VENV): a minute or two, 450 MB ..." >&2
	@$(PIP) install --editable '.[dev,spark]'
	@touch $(VENV)/.dev $(VENV)/.runtime $@

# The peers live in an environment of their own: what they need is nothing to us.
$(VENV)-search/.peers: pyproject.toml benchmarks/search/requirements.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (Debian: apt install python3-venv)" >&2; exit 2; }
	@echo "installing gepa and dspy into $(VENV)-search: a few minutes ..." >&2
	@$(PYTHON) -m venv $(VENV)-search
	@$(VENV)-search/bin/python -m pip --disable-pip-version-check --quiet --quiet install --editable . -r benchmarks/search/requirements.txt
	@touch $@
