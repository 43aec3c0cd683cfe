# `make run` opens the app, `make test` runs what every change must pass, `make integration` what
# must pass before an issue is resolved.
PYTHON ?= python3
VENV := .venv
# uv installs several times faster than pip, which serves where uv is unavailable. Bytecode is
# compiled now, as pip does: otherwise the first page and each worker would wait for it where
# Python cannot write it later.
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP = $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python $(1) || $(BIN)/python -m pip install --quiet $(1)

# Three processes on two cores: many tests wait for a worker process or the browser.
TEST_OPTIONS := -m "not integration" --numprocesses 3 --dist worksteal
# Between Chromium and Streamlit are races that a test cannot await (CONTRIBUTING.md): a failed
# browser test is repeated once, and the summary names it.
BROWSER_OPTIONS := --reruns 1 -rR

.PHONY: run test integration check bench screenshots install install-app install-dev browser shipped-models shipped-reports clean

## run: open the app in the browser
run: install-app
	@# The training packages are most of the download: they are fetched while the app is open.
	@$(MAKE) --question install 2>/dev/null || (nice $(MAKE) --silent install >$(VENV)/install.log 2>&1 &)
	@# Watching the source files costs memory and is of use only to developers.
	@# Bound to this computer: what only its user may do, such as uploading data sets, is on.
	$(BIN)/python -m streamlit run app.py --server.fileWatcherType none --server.address localhost

## test: checks, then all tests but those of `make integration`
test: check browser
	$(BIN)/python -m pytest tests/unit tests/app tests/worker $(TEST_OPTIONS)
	$(BIN)/python -m pytest tests/browser $(TEST_OPTIONS) $(BROWSER_OPTIONS)

## integration: what needs a real server, real training in a browser, or many minutes
integration: browser $(VENV)/.integration
	$(BIN)/python -m pytest tests -m integration

## check: style, types, import contracts
check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## bench: print the figures of the README
bench: install-dev
	$(BIN)/python -m benchmarks

## screenshots: renew the README's screenshots
screenshots: browser
	$(BIN)/python -m tests.browser.screenshots

## shipped-models: retrain the models in models/ (about three hours on 2 cores; can be resumed)
shipped-models: install
	$(BIN)/python -m benchmarks.shipped_models

## shipped-reports: re-evaluate the models in models/, with everything the Evaluate page shows
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

$(VENV)/.integration: requirements-integration.txt $(VENV)/.dev
	@echo "Installing the packages for integration tests …"
	@$(call PIP,-r requirements-integration.txt)
	@touch $@

## browser: Chromium for the browser tests, where it is missing
browser: install-dev
	@$(BIN)/python -m tests.browser.chromium

clean:
	rm -rf $(VENV) runs .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
