# Everything a person runs. Each target does its own set-up on a machine that has git, make and Python >= 3.11.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lint types architecture long clean

help: ## say what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/ready ## make .venv with the locked dependencies and the program .venv/bin/linli

.venv/ready: pyproject.toml uv.lock tools/bootstrap.py
	@$(PYTHON) tools/bootstrap.py
	@touch $@

demo: setup ## live through two days of community group buying, then serve the API
	@$(BIN)/linli demo

test: setup ## run the tests on the embedded PostgreSQL (or on LINLI_TEST_DATABASE_URL)
	$(BIN)/pytest -q -n $(JOBS) --dist loadgroup $(ARGS)

check: setup lint types architecture test ## what CI runs: format, lint, types, architecture, tests

lint: setup
	$(BIN)/ruff format --check src tests tools
	$(BIN)/ruff check src tests tools

types: setup
	$(BIN)/mypy

architecture: setup
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -q tests/architecture

format: setup ## format the code and mend what can be mended
	$(BIN)/ruff format src tests tools
	$(BIN)/ruff check --fix src tests tools

long: setup ## run the tests that take minutes
	$(BIN)/pytest -q --long -m long $(ARGS)

clean: ## remove the environment; data folders stay
	rm -rf .venv
