# Every command sets up what it needs in .venv first (and does nothing where that is done). Needs Python 3.11 and make.
.DEFAULT_GOAL := help
.PHONY: help setup setup-runtime demo test check proof screenshots lock clean

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin

help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

setup: python ## everything for running, testing and checking, into .venv
	@$(PYTHON) deploy/setup_venv.py dev

setup-runtime: python
	@$(PYTHON) deploy/setup_venv.py runtime

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found: install it, or run make PYTHON=/path/to/python" >&2; exit 1; }

demo: setup-runtime ## a demo shop, traffic and the assistant; open http://127.0.0.1:8000, Ctrl-C ends it
	@$(BIN)/helloword demo $(ARGS)

test: setup ## the whole test suite, on SQLite and PostgreSQL (ARGS="-k word" for a part)
	@$(BIN)/pytest -n logical --dist worksteal $(ARGS)

check: setup ## lint, types, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

proof: setup ## the long proofs: crashes, load, evaluations
	@$(BIN)/pytest -m proof -o faulthandler_timeout=3600 $(ARGS)
	@$(BIN)/helloword eval injections
	@$(BIN)/helloword eval sandbox --orders 2000 --fault-share 0.25 --seed 7 --patience 900
	@$(BIN)/helloword eval detectors
	@$(BIN)/helloword eval substitution
	@$(BIN)/helloword eval addresses
	@$(BIN)/helloword eval scan
	@$(BIN)/helloword eval intents
	@$(BIN)/helloword eval retrieval
	@$(BIN)/helloword eval guard
	@$(BIN)/helloword eval copilot
	@$(BIN)/helloword eval agent --trials 4
	@$(BIN)/helloword eval injection
	@$(BIN)/helloword bench sla
	@$(BIN)/helloword bench copilot

screenshots: setup ## the README's pictures, from a running demo
	@$(BIN)/python -m tests.support.screenshots

lock: setup ## write deploy/*.lock from what is installed in .venv
	@$(BIN)/python deploy/lock.py

clean: ## remove .venv and every cache
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
