# `make demo` and `make test` are all a newcomer needs: python3, make and the package registries.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
CHECK ?=
PYTHON313 ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python) $(shell command -v python3.13))

# The tests start many processes: compiled once, the sources load in a third of the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo quick changed test test313 coverage kills sim model storm mutants checkov lint types package \
    audit sbom version publish bench-import run lock hooks clean

help:  ## show the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(READY)  ## create .venv with everything the app, the sandbox, the tests and the cosell command need

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@echo "Installing into $(VENV) (about a minute the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# What is deployed is pinned by hash, the tools around it by version: pip checks hashes of all or of none.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@# The real Python worker asks for 3.13 in its metadata but runs on 3.11 too; only the tests use it.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
	    azure-functions-runtime==1.3.0 || echo "The Python worker package is not available; its tests will say so."
	@# The cosell command, over this checkout as it is.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: install  ## start the whole system and act out both scenarios (CHECK=1: no terminal, then exit)
	@CHECK=$(CHECK) $(BIN)/python -m sandbox demo

# What is deployed is unpacked and run in the real worker on the Python that Azure runs, where it is found; else on this one.
HAS313 = $(shell $(or $(PYTHON313),false) -c '' 2>/dev/null && echo yes)

quick: install  ## lint, types and the rules of what changed since the last commit (BASE=…: since another), while you work
	@$(MAKE) --no-print-directory -j3 lint types changed

changed:
	@$(BIN)/python -m tests.quick $(or $(BASE),HEAD)

test: install lint types  ## everything the gate runs
	@$(BIN)/python -m pytest -n auto $(if $(HAS313),--ignore=tests/functions/test_worker_app.py)
	@$(MAKE) --no-print-directory test313

test313:  ## the tests, but for the deep ones, on Python 3.13, which Azure runs, where one is found
	@$(or $(PYTHON313),false) -c '' 2>/dev/null || { echo "skipped: the same tests on Python 3.13 (none was found)"; exit 0; } \
	    && $(MAKE) --no-print-directory install VENV=.venv313 PYTHON=$(PYTHON313) \
	    && .venv313/bin/python -m pytest -n auto -m "not deep"

# Left out: what searches at depth takes longest and comes by the same lines again; infra/ and its package are no Python.
UNCOUNTED := $(addprefix tests/,simulation model scale mutants infra package)
SUMMARY := $(GITHUB_STEP_SUMMARY)

coverage: install  ## which lines the tests reach, reported and not enforced (TESTS=… for some tests; also htmlcov/index.html)
	@$(BIN)/python -m pytest -n auto --cov --cov-report=term --cov-report=html \
	    $(or $(TESTS),$(addprefix --ignore=,$(UNCOUNTED)))
	@test -z "$(SUMMARY)" || $(BIN)/coverage report --format=markdown >> "$(SUMMARY)"

kills: install  ## kill the app's process 50 times while people work (state in Azurite; about five minutes)
	@KILLS=$(or $(KILLS),50) $(BIN)/python -m pytest -s tests/sandbox/test_kills.py

sim: install  ## the simulation at depth: SEEDS=… SEED_BASE=… LEVEL=port|wire
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),2000) --base $(or $(SEED_BASE),1) --level $(or $(LEVEL),port) --processes 2

model: install  ## the model check at depth, with every rule taken away once
	@$(BIN)/python -m tests.model --deep

storm: install  ## a hundred thousand pairs and bad days, every call counted: LINKS=… (a few minutes)
	@$(BIN)/python -m tests.scale --links $(or $(LINKS),100000)

mutants: install  ## seed mistakes one at a time; every one must make a test fail (STALE=1: only list those to mend)
	@$(BIN)/python -m tests.mutants $(if $(STALE),--stale)

checkov: install  ## have checkov look at infra/ (a virtual environment of its own: 300 MB, a minute)
	@test -x .checkov/bin/checkov || { $(PYTHON) -m venv .checkov && .checkov/bin/python -m pip install --quiet \
	    --disable-pip-version-check checkov==3.3.30; }
	@$(BIN)/python -m tests.infra.checkov .checkov/bin/checkov

lint: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo --no-cache >$(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }

types: install
	@$(BIN)/mypy

NEEDS313 := { echo "Python 3.13, which Azure runs, was not found; name one: make PYTHON313=/path/to/python3.13 …"; exit 1; }
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' shared/__init__.py)
PACKAGE ?= dist/cosell-connector-$(VERSION).zip

package:  ## build the deployable zip with its bytecode (TWICE=1: prove that it comes out equal), and start it in the real worker
	@$(or $(PYTHON313),false) -c '' 2>/dev/null || $(NEEDS313)
	@$(MAKE) --no-print-directory install VENV=.venv313 PYTHON=$(PYTHON313)
	@.venv313/bin/python -m release --target $(PACKAGE) $(if $(TWICE),--twice)
	@PACKAGE=$(abspath $(PACKAGE)) .venv313/bin/python -m pytest tests/functions/test_worker_app.py

audit: install  ## secrets in the repository, licences of what is deployed, and its known weaknesses (STRICT=1: all must be judged)
	@$(BIN)/python -m release.secret_scan
	@$(BIN)/python -m release.licences
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/python -m release.weaknesses $(if $(STRICT),--strict)

sbom: install  ## the bill of materials of what is deployed, as CycloneDX
	@mkdir -p dist
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.txt --output-reproducible \
	    --of JSON --output-file $(PACKAGE:.zip=.sbom.json)

version:  ## the version; with TAG=v…, whether that tag is of it
	@echo $(VERSION)
	@test -z "$(TAG)" || test "$(TAG)" = "v$(VERSION)" || { echo "$(TAG) is no tag of $(VERSION) (shared/__init__.py)"; exit 1; }
	@grep -q '^## $(VERSION)' CHANGELOG.md || test -z "$(TAG)" || { echo "CHANGELOG.md has no section $(VERSION)"; exit 1; }

publish: version  ## make a release on GitHub of what make package and make sbom have left in dist/ (TAG=v…)
	@cd dist && sha256sum -- *.zip *.json > SHA256SUMS
	@gh release create "$(TAG)" dist/* --verify-tag --title "$(TAG)" --notes-file CHANGELOG.md

bench-import:  ## how long the package takes to import, beside azure.functions alone (after make package)
	@test -f $(PACKAGE) || { echo "There is no $(PACKAGE); make package builds it."; exit 1; }
	@.venv313/bin/python -m release.import_time $(PACKAGE)

run: install  ## start the app in the real Functions host (needs Azure Functions Core Tools)
	@command -v func >/dev/null || { echo "Azure Functions Core Tools (func) not found; 'make demo' needs none."; exit 1; }
	@test -f local.settings.json || { echo "Copy local.settings.example.json to local.settings.json and fill it in."; exit 1; }
	@. $(BIN)/activate && func start

lock: install  ## uv.lock from pyproject.toml, and requirements*.txt from uv.lock (UPGRADE=1: with the newest of everything)
	@$(BIN)/python -m release.pins $(if $(UPGRADE),--upgrade)

hooks: install  ## have git ask lint, types and for secrets before each commit
	@$(BIN)/pre-commit install

clean:  ## remove the virtual environment and caches
	@rm -rf $(VENV) .venv313 dist .checkov .node .mypy_cache .ruff_cache .grimp_cache .import_linter_cache .pytest_cache .hypothesis .sandbox htmlcov .coverage*
