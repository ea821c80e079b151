# Everything a newcomer runs. `make demo` and `make test` need Python 3.11 or newer and make;
# with a C compiler (and Python's headers) the core is compiled, otherwise it runs interpreted.

.DEFAULT_GOAL := help
.PHONY: help setup build demo test coverage soak bench lint clean distclean

PYTHON ?= python3
SOAK_MINUTES ?= 60
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
COMPILED := $(BIN)/python -P engine/_build.py

help:  ## show this list
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 12

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	LOCKSTEP_INTERPRETED=1 $(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[dev]'
	@touch $@

setup: $(INSTALLED)  ## make the virtual environment .venv with everything in it

build: $(INSTALLED)  ## compile the core in place (does nothing if nothing changed)
	@env -u LOCKSTEP_INTERPRETED $(BIN)/python setup.py --quiet build_ext --inplace

demo: build  ## run a generated trading day, its replay and its settlement
	$(BIN)/lockstep demo

test: build  ## run the tests, interpreted and compiled
	@if $(COMPILED) --quiet; then \
		echo "tests of the interpreted core:"; \
		LOCKSTEP_INTERPRETED=1 $(BIN)/python -m pytest -q -n 2 -m "not once" && \
		echo "tests of the compiled core, and all others:"; \
	fi && $(BIN)/python -m pytest -q -n 2

coverage: $(INSTALLED)  ## branch coverage of the tests, interpreted, package by package
	@$(BIN)/python -m coverage erase
	@LOCKSTEP_INTERPRETED=1 $(BIN)/python -m coverage run -m pytest -q
	@$(BIN)/python -m coverage combine --quiet
	@for package in engine journal snapshots adapters; do \
		echo "$$package: $$($(BIN)/python -m coverage report --include "$$package/*" --format total) %"; \
	done

soak: build  ## try faults, kills, inputs for SOAK_MINUTES (60); figures: docs/reliability.md
	@$(BIN)/python -m pip install --quiet -c constraints.txt 'atheris>=3,<4' \
		|| echo "atheris can't be installed here: inputs are mutated without coverage"
	$(BIN)/python -m tests.soak --minutes $(SOAK_MINUTES)

bench: build  ## run the benchmarks and write bench/results
	$(BIN)/python -m bench

lint: $(INSTALLED)  ## check style (ruff) and types (mypy --strict)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:  ## remove what the build made
	rm -rf build *.egg-info engine/_compiled.json .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
	find . -path ./$(VENV) -prune -o \( -name '*.so' -o -name '*.pyc' \) -type f -exec rm -f {} +

distclean: clean  ## remove the virtual environment, too
	rm -rf $(VENV)
