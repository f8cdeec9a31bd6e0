# Two commands do everything on a fresh Debian machine: `make demo` and `make test`.

PYTHON ?= python3
UV ?= uv
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet
LOCKED := $(PIP_INSTALL) --require-hashes --only-binary :all:
EXPORT := $(UV) export --no-config --frozen --quiet --no-emit-project --format requirements.txt

# Debian keeps servers such as mosquitto where an ordinary user's PATH does not look.
export PATH := $(PATH):/usr/sbin:/sbin

.NOTPARALLEL:
.PHONY: help demo test bench faults schema install rollback uninstall test-install lock clean fuzz

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*##  */  make \1\t/p' Makefile | expand -t 18

demo: $(VENV)/.demo  ## Everything in one command, no hardware (ARGS="truck --for 30s")
	@$(BIN)/tagtrail demo $(ARGS)

test: $(VENV)/.test  ## Lint, types and all tests (ARGS="tests/edge -k journal")
	@sh requirements/servers.sh
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

test-install: $(VENV)/.test  ## Install, upgrade, go back, uninstall in a Debian of its own (root, minutes)
	$(BIN)/pytest tests/install/in_a_box.py $(ARGS)

fuzz: $(VENV)/.test  ## Damaged and random input for all that reads any (ARGS="--for 8h --only ruuvi")
	@$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(VENV)/.test  ## What it costs, beside a bare loop (ARGS="--quick")
	@sh requirements/servers.sh
	@$(BIN)/python -m tests.bench $(ARGS)

faults: $(VENV)/.test  ## Power cuts, bad networks, full disks, wrong clocks by the thousand (ARGS="power --share 0.1")
	@sh requirements/servers.sh
	@$(BIN)/python -m tests.faults $(ARGS)

schema: $(VENV)/.demo  ## config/schema.json, docs/devices/ and docs/schemas/ anew from models, drivers and profiles
	$(BIN)/python -m edge.settings.json_schema > config/schema.json.new
	mv config/schema.json.new config/schema.json
	$(BIN)/python -m edge.settings.device_pages docs/devices
	$(BIN)/python -m edge.records.json_schema docs/schemas

install:  ## As a service on this box, or an upgrade of it (root, systemd)
	@PYTHON=$(PYTHON) sh systemd/install.sh install

rollback:  ## Back to the release before the upgrade (root)
	@sh systemd/install.sh rollback

uninstall:  ## Take the service away; settings and journal stay (root)
	@sh systemd/install.sh uninstall

lock:  ## Lock the dependencies anew (maintainers, needs uv; ARGS=--upgrade)
	$(UV) lock --no-config --default-index https://pypi.org/simple $(ARGS)
	$(EXPORT) --no-default-groups --output-file requirements/run.txt
	$(EXPORT) --no-default-groups --extra gpio --extra influx --output-file requirements/box.txt
	$(EXPORT) --no-default-groups --extra input --output-file requirements/input.txt
	$(EXPORT) --no-default-groups --extra demo --output-file requirements/demo.txt
	$(EXPORT) --no-default-groups --extra demo --extra gpio --extra influx --group test --output-file requirements/test.txt
	$(EXPORT) --only-group build --output-file requirements/build.txt
	@! grep -hoE 'https?://[^/" ]+' uv.lock requirements/*.txt | grep -vxE 'https://(pypi\.org|files\.pythonhosted\.org)'

clean:  ## Remove what these commands have made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.made: requirements/make_venv.py
	@$(PYTHON) requirements/make_venv.py $(VENV)
	@touch $@

# The project itself, editable, built by the locked hatchling.
$(VENV)/.project: $(VENV)/.made requirements/build.txt pyproject.toml
	@echo "Installing into $(VENV) …"
	@$(LOCKED) -r requirements/build.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q drivers edge config simulators
	@touch $@

$(VENV)/.demo: $(VENV)/.project requirements/demo.txt
	@$(LOCKED) -r requirements/demo.txt
	@touch $@

$(VENV)/.test: $(VENV)/.project requirements/test.txt
	@$(LOCKED) -r requirements/test.txt
	@touch $@
