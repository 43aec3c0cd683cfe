# `make run` opens the app, `make test` runs everything a change must pass.
PYTHON ?= python3
VENV := .venv
# uv installs several times faster than pip; where it cannot be had, pip does. Compiled now, as pip
# does: the first page and each start of a worker would wait for it, where Python may not write.
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP = $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python $(1) || $(BIN)/python -m pip install --quiet $(1)

.PHONY: run test check bench screenshots install install-app install-dev browser shipped-models shipped-reports clean

## run: open the app in the browser
run: install-app
	@# The training packages are most of the download: they come while the app is already open.
	@$(MAKE) --question install 2>/dev/null || (nice $(MAKE) --silent install >$(VENV)/install.log 2>&1 &)
	@# Nobody edits the app while it runs so; watching the folder would cost memory for nothing.
	$(BIN)/python -m streamlit run app.py --server.fileWatcherType none

## test: checks, then all tests
test: check browser
	$(BIN)/python -m pytest tests/browser
	@# Without a browser, whose answers are timed, two at a time are quicker.
	$(BIN)/python -m pytest tests/app tests/unit tests/worker --numprocesses 2 --dist worksteal

## check: style, types, import contracts
check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## bench: print the figures of the README
bench: install-dev
	$(BIN)/python -m benchmarks

## screenshots: take the README's pictures anew
screenshots: browser
	$(BIN)/python -m tests.browser.screenshots

## shipped-models: train the models in models/ anew (about an hour on 2 cores)
shipped-models: install
	$(BIN)/python -m benchmarks.shipped_models

## shipped-reports: evaluate the models in models/ anew, with all the Evaluate page shows
shipped-reports: install
	$(BIN)/python -m digitlab evaluate --model digitlab_cnn --full
	$(BIN)/python -m digitlab evaluate --model simple_cnn --full

install-app: $(VENV)/.app
install: $(VENV)/.full
install-dev: $(VENV)/.dev

$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "digitlab needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
	@touch $@

$(VENV)/.app: requirements-app.txt | $(VENV)/.venv
	@echo "Installing the app …"
	@$(call PIP,-r requirements-app.txt)
	@touch $@

$(VENV)/.full: requirements.txt $(VENV)/.app
	@echo "Installing the training packages …"
	@$(call PIP,-r requirements.txt)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.full
	@echo "Installing the tools for tests and checks …"
	@$(call PIP,-r requirements-dev.txt)
	@touch $@

## browser: Chromium for the browser tests, where it is missing
browser: install-dev
	@$(BIN)/python -m tests.browser.chromium

clean:
	rm -rf $(VENV) runs .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
