# Everything a newcomer needs. `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BROKER ?= embedded
# A file's tests share what it has started. In the order of the tree the many quick ones come last and fill the end.
WORKERS ?= -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help install run test test-apache check bench chaos requirements clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Install everything into .venv (quick when nothing changed)

$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) was not found; set PYTHON to a Python 3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

run: install ## Start everything on this machine, with a demonstration group and a live view (Ctrl-C stops)
	@$(BIN)/guanjia run

test: install ## Run all tests, on containers if a Docker engine answers, else on the embedded stores
	$(BIN)/python -m pytest $(WORKERS)

test-apache: install ## Run the connected tests on Apache Kafka, fetched with mvn (Java 17)
	$(BIN)/python -m tools.stack.fetch
	GUANJIA_TEST_BROKER=apache $(BIN)/python -m pytest -m connected $(WORKERS)

check: install ## Lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install ## Measure, each figure beside its floor (BROKER=embedded|apache)
	@$(BIN)/guanjia bench --broker $(BROKER)

chaos: install ## Kill processes under load, then check the databases (BROKER=embedded|apache)
	@$(BIN)/guanjia chaos --broker $(BROKER)

COMPILE = $(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --no-header --no-annotate --no-emit-index-url \
	--no-emit-trusted-host --no-emit-find-links --no-emit-options

requirements: ## Compile requirements*.txt from pyproject.toml again
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(COMPILE) --extra embedded --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

clean: ## Remove logs and what is cached; never the data
	rm -rf var/log var/cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
