# Everything starts here. `make demo` and `make test` need Python 3.11 or later and make, nothing else; `make web`
# needs Node too.

BIN := .venv/bin
READY := .venv/.ready
UV := .cache/bin/uv
SCRATCH := .cache/wheel-test
TYPED := src tools tests demo conformance $(wildcard benchmarks)
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help demo test check style types walls lock bench instructions fuzz docs findings glossary house reference pictures wheel web site clean

help:  ## say what there is
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

$(READY): pyproject.toml packages/policy-data/pyproject.toml uv.lock tools/set-up
	@tools/set-up
	@tools/fonts
	@touch $@

demo: $(READY)  ## a network in a minute: founded, joined, synced, attacked
	@$(BIN)/python -m demo

test: $(READY)  ## run the tests, and a share of what is tried again and again
ifdef ARGS
	@$(BIN)/pytest $(ARGS)
else
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder
endif

check: export PRATIQUE_WHOLE := 1
check: style types walls lock docs wheel test instructions  ## run every check that a change must pass

style: $(READY)
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check

types: $(READY)
	@$(BIN)/mypy $(TYPED)

walls: $(READY)
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/python -m tools.findings_doc --check
	@$(BIN)/python -m tools.cli_reference --check
	@$(BIN)/python -m tools.glossary --check

lock: $(READY)
	@$(UV) lock --check --quiet || (echo "hint: uv.lock does not fit pyproject.toml: run uv lock" >&2; false)

bench: $(READY)  ## measure: what one verification costs
	@$(BIN)/python -m benchmarks.verify $(ARGS)

instructions: $(READY)  ## count what one verification executes, and refuse more than the limit
	@$(BIN)/python -m benchmarks.verify --instructions

fuzz: $(READY)  ## throw damaged certificates and documents of a network at what reads them
	@$(BIN)/python -m tools.fuzz $(ARGS)
	@$(BIN)/python -m tools.fuzz --schemes $(ARGS)
	@$(BIN)/python -m tools.fuzz --documents $(ARGS)

docs: $(READY)  ## build the handbook into docs/_build/html
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

findings: $(READY)  ## write docs/reference/findings.md from the code
	@$(BIN)/python -m tools.findings_doc

reference: $(READY)  ## write docs/reference/cli.md from what the commands say to --help
	@$(BIN)/python -m tools.cli_reference

pictures: $(READY)  ## draw docs/pictures from what the demo and the commands put out
	@$(BIN)/python -m demo >/dev/null
	@$(BIN)/python -m tools.pictures

glossary: $(READY)  ## write docs/reference/glossary.md from tools/glossary.toml
	@$(BIN)/python -m tools.glossary

house: $(READY)  ## measure how the house is built; with ARGS=--write, write what may only fall
	@$(BIN)/python -m tools.house $(ARGS)

wheel: $(READY)  ## build the wheels, and test them as a stranger would install them
	@rm -rf dist $(SCRATCH)
	@$(UV) build --quiet --wheel --all-packages --out-dir dist
	@$(UV) export --quiet --frozen --no-default-groups --no-emit-workspace --no-hashes -o .cache/constraints.txt
	@$(UV) venv --quiet --python $(BIN)/python $(SCRATCH)
	@$(UV) pip install --quiet --python $(SCRATCH)/bin/python -c .cache/constraints.txt dist/pratique-[0-9]*.whl
	@cp tools/smoke.py $(SCRATCH)/smoke.py
	@cd $(SCRATCH) && bin/python -I smoke.py $(CURDIR)/vectors && bin/pratique --version
	@$(UV) pip install --quiet --python $(SCRATCH)/bin/python --no-index --find-links dist 'pratique[policy]'
	@cd $(SCRATCH) && bin/python -I smoke.py

web/node_modules/.package-lock.json: web/package-lock.json tools/site | $(READY)
	@tools/site
	@touch $@

web: $(READY) web/node_modules/.package-lock.json  ## build the site of the pages into web/dist (needs Node)
	@cd web && npm run --silent types
	@cd web && npm run --silent build

site: web  ## pack the built site for a release, into dist/
	@$(BIN)/python -m tools.site_archive

clean:  ## remove all that was built or fetched
	@rm -rf .venv .cache dist build web/dist web/node_modules docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
