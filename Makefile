# Everything is installed into .venv below this folder; nothing outside it is touched.
# `make run` and `make test` install what they need on first use, and are instant afterwards.

INSTALLED := .venv/.installed-run
INSTALLED_TEST := .venv/.installed-test
INSTALLED_TRAIN := .venv/.installed-train
BIN := .venv/bin

# An environment that was moved, or whose Python is gone, does not count as installed.
$(shell [ "$$(cat $(INSTALLED) 2>/dev/null)" = "$(CURDIR)" ] && [ -x $(BIN)/python ] \
	|| rm -f $(INSTALLED) $(INSTALLED_TEST) $(INSTALLED_TRAIN))

.PHONY: help run test install check format lock bench train clean
.DEFAULT_GOAL := help

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*##/  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: $(INSTALLED)  ## open the counter as a demonstration (Ctrl-Q leaves)
	@$(BIN)/guichet demo

test: $(INSTALLED_TEST)  ## run all tests
	@$(BIN)/python -m pytest

install: $(INSTALLED)  ## install only; the command is .venv/bin/guichet

check: $(INSTALLED_TEST)  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED_TEST)  ## put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED_TEST)  ## measure against bare programs and print the ratios
	@$(BIN)/python -m bench

train: $(INSTALLED_TRAIN)  ## make the local model again from data/training, and its report (ten minutes)
	@$(BIN)/python -m engine.triage.training

# Needs uv (pipx install uv). All newest: make lock UPGRADE=--upgrade
UV ?= $(firstword $(wildcard $(BIN)/uv) uv)
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links $(UPGRADE) pyproject.toml --group build

lock:  ## resolve the dependencies again and write requirements/*.txt
	$(LOCK) --output-file requirements/run.txt
	$(LOCK) --extra webhook --group test --constraints requirements/run.txt --output-file requirements/test.txt
	$(LOCK) --group train --constraints requirements/run.txt --output-file requirements/train.txt

clean:  ## remove the environment and everything made by tools
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements/run.txt requirements/install.sh pyproject.toml
	@sh requirements/install.sh run

$(INSTALLED_TEST): $(INSTALLED) requirements/test.txt
	@sh requirements/install.sh test

$(INSTALLED_TRAIN): $(INSTALLED) requirements/train.txt
	@sh requirements/install.sh train
