# Two commands matter: make pack (the figures, from the shipped data) and make test (lint, types, tests).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: pack test lint types check coverage notebooks clean

pack: $(VENV)/installed
	mkdir -p build
	$(BIN)/finmodel pack -o build/pack.pdf

test: lint types check

lint: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/tested
	$(BIN)/mypy

check: $(VENV)/tested
	$(BIN)/python -m pytest -n auto

coverage: $(VENV)/tested
	$(BIN)/python -m pytest -n auto --cov=finmodel --cov-report=term:skip-covered --cov-fail-under=90

notebooks: $(VENV)/installed
	$(BIN)/pip install --quiet ".[notebooks]"
	$(BIN)/jupyter lab notebooks

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("finmodel needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/tested: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable ".[test]"
	touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
