# Every target sets up whatever is missing first; `make help` lists them.
PYTHON ?= python3
PYTEST_ARGS ?=
PURGE ?=
python := .venv/bin/python
dev := PYTHONPATH=tools $(python) -m dev
export PYTHON PYTEST_ARGS

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo demo-clean test check format docs bench fuzz setup setup-run lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: setup-run ## run the main story once, for real, and leave it running to look at
	@$(python) tools/demo.py

demo-clean: ## leave the machine as it was; PURGE=1 also removes the system packages that were added
	@if [ -x $(python) ]; then $(python) tools/demo.py --clean; fi
	@tools/setup/system.sh $(if $(filter 1 yes true,$(PURGE)),purge,removal)

test: setup ## run every check and every test; PYTEST_ARGS="-k name" chooses
	@$(dev).test

check: setup ## format, lint, types, dead code, YAML, shell, pipelines, docs, locks, dependency audit
	@$(dev).check

format: setup ## put the Python code into its format
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix-only --quiet .

docs: setup ## write the reference pages anew from the code
	@$(python) tools/docs.py

bench: setup ## measure what the user waits for
	@$(dev).bench

fuzz: setup ## feed the loader and the checker with hostile bytes; FUZZ_SECONDS=600 for each
	@$(dev).fuzz

setup: ## system packages, and the virtual environment for working on mattone
	@tools/setup/system.sh install
	@tools/setup/venv.sh dev

setup-run: # the same, with only what mattone needs to run
	@tools/setup/system.sh install
	@tools/setup/venv.sh run

lock: ## resolve the dependencies of pyproject.toml anew into tools/requirements/
	@tools/setup/lock.sh

clean: ## remove the virtual environment, reports and caches of this checkout
	rm -rf .venv .cache reports .mypy_cache .ruff_cache .pytest_cache .hypothesis
