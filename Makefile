# `make` alone says what there is. Whatever a target needs it makes by itself, in .venv and _build.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$p; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help dev test test-fast otp-suite oracle oracle-mutations stories check lint rel install uninstall container run bench soak bench-otp docs learn exercise lock clean python

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: $(STAMP) ## an environment to work in: .venv, with these sources and all tools
	@echo "ready: $(BIN)/python, $(BIN)/pytest, $(BIN)/xmppd"

test: $(STAMP) rel ## every test, also those against the built release
	$(BIN)/python tests/support/lanes.py

test-fast: $(STAMP) ## the tests that need no release and no server
	$(BIN)/python -m pytest tests --ignore=tests/release --ignore=tests/interop --ignore=tests/stories

otp-suite: $(STAMP) ## otp against the cases of Erlang/OTP's own suites: passed, argued and open per level
	$(BIN)/python tests/otp/otp_suite.py

oracle: $(STAMP) ## 10,000 random programs of each kind on otp and on a real Erlang (apt-get install erlang-base)
	XMPPD_ORACLE=10000 $(BIN)/python -m pytest tests/otp/oracle

oracle-mutations: $(STAMP) ## faults put into copies of otp: which oracle finds each, after how many programs (needs an Erlang)
	$(BIN)/python -m tests.otp.oracle.mutations $(ARGS)

stories: $(STAMP) ## the plays: what clients say and hear, against a booted node
	$(BIN)/python -m pytest tests/stories

check: lint ## ruff, mypy --strict, and the house rules
	$(BIN)/python -m pytest tests/house

lint: $(STAMP) ## ruff and mypy --strict: what `make check` does besides the tests of the house
	$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . >/dev/null || echo "hint: some files are not formatted; $(BIN)/ruff format FILE does it"
	$(BIN)/mypy

rel: python ## the release: _build/rel/xmppd, movable; start it with ./rel/xmppd start
	@$(PYTHON) rel/make_rel.py

install: rel ## put the release, its command and a unit for systemd in place: PREFIX=/usr/local, DESTDIR=
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' rel/install

uninstall: ## take away what `make install` has put there; data and configuration stay
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' rel/install --uninstall

container: ## an image of the server, by podman, docker or buildah: ENGINE=, IMAGE=xmppd
	@rel/container/build "$(IMAGE)"

run: $(STAMP) ## the server in this terminal, from the sources, until Ctrl-C; its home is _build/run
	$(BIN)/python -I -m xmppd.cli.main --home _build/run foreground

bench: rel ## the load generator against the release, with two workers: BENCH=path of the generator
	@test -x "$(BENCH)/run" || { echo "say where the load generator is: make bench BENCH=DIR ARGS='--workload W1,W2'"; exit 2; }
	rel/bench "$(BENCH)" $(ARGS)

soak: $(STAMP) ## load of all kinds with a fault each minute, every promise checked: MINUTES=n [BACKEND=postgres] [ARGS='--users 32']
	$(BIN)/python -m tests.soak.soak --minutes $(or $(MINUTES),10) --backend $(or $(BACKEND),sqlite) $(ARGS)

bench-otp: $(STAMP) ## what a process, a message, a call and a restart cost, beside Pykka's threads and a BEAM
	$(BIN)/python -m tests.otp.bench.bench_otp $(ARGS)

docs: $(STAMP) ## the generated pages of docs/
	$(BIN)/python docs/make_docs.py

learn: $(STAMP) ## the programs in the pages of docs/learn, and what they print
	$(BIN)/python docs/learn/make_learn.py

exercise: $(STAMP) ## check an exercise of docs/learn: make exercise 3
	@$(BIN)/python -m tests.learn.exercise $(filter-out $@,$(MAKECMDGOALS))

ifeq (exercise,$(firstword $(MAKECMDGOALS)))
$(foreach number,$(filter-out exercise,$(MAKECMDGOALS)),$(eval $(number):;@:))
endif

lock: $(STAMP) ## write the lock files anew from pyproject.toml
	$(BIN)/python rel/make_lock.py

clean: ## all that was made, but for the data of a release that ran (_build/rel/xmppd/var)
	rm -rf $(VENV) _build/tools _build/wheel _build/run dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find _build/rel/xmppd -mindepth 1 -maxdepth 1 ! -name var -exec rm -rf {} + 2>/dev/null || true
	@find . -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
	@if [ -d _build/rel/xmppd/var ]; then echo "kept: _build/rel/xmppd/var (accounts and messages)"; else rm -rf _build; fi

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found; say which: make PYTHON=..."; exit 1; }

$(STAMP): pyproject.toml rel/dev.lock | python
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv; on Debian: apt install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV), checked against rel/dev.lock"
	@$(PIP) install --require-hashes --only-binary :all: -r rel/dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
