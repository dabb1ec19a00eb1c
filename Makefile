# Every target prepares .venv by itself, again whenever pyproject.toml or constraints.txt changed; `make test-lowest` has a
# .venv-lowest of its own. All they need is Python 3.11 or newer with the venv module; name another one with
# `make PYTHON=python3.13 test`.
# Paths are relative, so that a checkout may stand on a path with spaces.

PYTHON ?= python3
PYTEST_ARGS ?=
BENCH_ARGS ?=
# How many programs `make fuzz` generates.
EXAMPLES ?= 20000
# How long `make search` searches.
MINUTES ?= 10
SEARCH_ARGS ?=
MUTANTS_ARGS ?=
python := .venv/bin/python
pip := $(python) -m pip --disable-pip-version-check

.PHONY: setup demo test test-lowest check lint types layers fuzz search mutants audit bench docs test-docs tables sql notebooks clean
.NOTPARALLEL:

setup: .venv/dev.stamp  ## the environment for development, and checks before each commit
	.venv/bin/pre-commit install

demo: .venv/demo.stamp  ## a question about the sample events, as a result and as SQL
	$(python) -m objectiv_local.demo

test: .venv/dev.stamp  ## all tests, on every engine
	$(python) -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

test-lowest: .venv-lowest/test.stamp  ## all tests, with the lowest versions that pyproject.toml allows
	.venv-lowest/bin/python -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

check: lint types layers  ## everything but the tests; with `make --keep-going check`, all of it even when a part fails

lint: .venv/dev.stamp
	$(python) -m ruff check
	$(python) -m ruff format --check
	.venv/bin/typos

types: .venv/dev.stamp
	$(python) -m mypy

layers: .venv/dev.stamp
	.venv/bin/lint-imports

fuzz: .venv/dev.stamp  ## the generated tests again, with other and many more examples
	OBJECTIV_FUZZ_EXAMPLES=$(EXAMPLES) $(python) -m pytest -n 2 --dist worksteal -m hypothesis --hypothesis-profile=fuzz $(PYTEST_ARGS)

search: .venv/dev.stamp  ## programs whose result differs between engines, for MINUTES; SEARCH_ARGS='--engines duckdb' limits it
	PYTHONPATH=tests $(python) -m fuzz.search --minutes $(MINUTES) $(SEARCH_ARGS)

mutants: .venv/dev.stamp  ## small changes of the source that no test notices; MUTANTS_ARGS='--parts plan --sample 50' limits it
	$(pip) install --quiet -c constraints.txt -e '.[mutants]'
	$(python) -m tools.mutants $(MUTANTS_ARGS)

audit: .venv/dev.stamp  ## known vulnerabilities of the pinned packages, asked of PyPI
	$(pip) install --quiet -c constraints.txt -e '.[audit]'
	$(python) -m pip_audit --requirement constraints.txt --no-deps --disable-pip

bench: .venv/dev.stamp  ## the benchmarks of docs/performance.md, which takes half an hour; BENCH_ARGS='--original PYTHON' adds to it
	$(python) -m benchmarks --postgres --write docs/performance.md $(BENCH_ARGS)

docs: .venv/dev.stamp  ## the documentation as a site in site/, built offline; a broken link or anchor is an error
	NO_MKDOCS_2_WARNING=1 $(python) -m mkdocs build --strict

test-docs: .venv/dev.stamp  ## the examples of the docs and docstrings, run
	$(python) -m pytest tests/docs $(PYTEST_ARGS)

tables: .venv/dev.stamp  ## the generated pages of docs, written again
	$(python) -m tools.docs

sql: .venv/dev.stamp  ## the SQL snapshots, written again for review
	OBJECTIV_UPDATE_SQL=1 $(python) -m pytest -q tests/dialects/test_snapshots.py tests/dialects/test_snapshots_of_analyses.py

notebooks: .venv/dev.stamp  ## the notebooks run anew and stored with what they show; PYTEST_ARGS='-k user_intent' runs one
	OBJECTIV_UPDATE_NOTEBOOKS=1 $(python) -m pytest tests/notebooks $(PYTEST_ARGS)

clean:  ## remove the environment and every cache
	rm -rf .venv .venv-lowest .venv-dbt .venv-dbt.lock .hypothesis .import_linter_cache .mutants .mypy_cache .pytest_cache .ruff_cache build dist site

define venv
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another one with make PYTHON=...")'
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(1)
endef

.venv/demo.stamp: pyproject.toml constraints.txt
	$(call venv,.venv)
	$(pip) install --quiet -c constraints.txt -e .
	@touch $@

.venv/dev.stamp: pyproject.toml constraints.txt tests/hub/events/packages.txt
	$(call venv,.venv)
	$(pip) install --quiet -c constraints.txt -e '.[dev]'
	$(pip) install --quiet --no-deps -r tests/hub/events/packages.txt
	@touch .venv/demo.stamp $@

.venv-lowest/test.stamp: pyproject.toml constraints-lowest.txt
	$(call venv,.venv-lowest)
	.venv-lowest/bin/python -m pip --disable-pip-version-check install --quiet -c constraints-lowest.txt -e '.[test]'
	.venv-lowest/bin/python -m pip --disable-pip-version-check install --quiet --no-deps -r tests/hub/events/packages.txt
	@touch $@
