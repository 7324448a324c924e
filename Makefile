# Two commands are enough: `make serve` and `make test`. Each sets up what it needs, once.
PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Material's notice of its successor is known: design notes in CONTRIBUTING.md
export NO_MKDOCS_2_WARNING := 1
ADDRESS ?= 127.0.0.1:8000

.PHONY: help setup serve test build offline addresses update mutate experiments bench cost \
	lint audit pins clean
help:  ## these lines
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

setup: $(BIN)/.ready  ## environment and front-end parts, as pinned (runs by itself)

$(BIN)/.ready: pyproject.toml constraints.txt package-lock.json
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "This needs Python 3.11 or newer on the PATH; name another with: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up: Python environment in .venv ($(PYTHON))"
	@$(PYTHON) -m venv .venv
	@echo "Setting up: pinned Python packages (torch is about 200 MB; a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip==$$(sed -n 's/^pip==//p' constraints.txt)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group site
	@echo "Setting up: front-end parts from npm's lockfile"
	@npm ci --silent --no-audit --no-fund
	@touch $@

serve: setup  ## the site with live reload
	@echo "Serving at http://$(ADDRESS)/ (Chinese) and http://$(ADDRESS)/en/ (English); Ctrl-C ends"
	@mkdocs serve --dev-addr $(ADDRESS)

build: setup  ## write site/, whole or not at all
	@echo "Building both languages into site/"
	@mkdocs build --quiet --strict --site-dir .cache/site
	@rm -rf site && mv .cache/site site

offline: build  ## logits-handbook-offline.zip, to be read without a server or network
	@python -m hosting.offline site logits-handbook-offline.zip

test: setup  ## every check
	@echo "Running every check: blocks, pages, formulas, figures, site, browser"
	@pytest

update: setup  ## rewrite printed outputs from a fresh run: make update PAGES="functions/softmax"
	@python -m tests.update $(PAGES)

mutate: setup  ## change every digit, sign, operator and index once: each change must be noticed
	@python -m tests.mutation $(PAGES)

experiments: setup  ## train all experiments anew and store them; NAMES="scores" for some
	@python -m snippets.experiments $(NAMES)

bench: setup  ## the numbers that are promised: blocks, build, reload, growth, Lighthouse
	@python -m tests.bench

cost: setup  ## measure the times of guides/cost anew, on this machine (minutes)
	@python -m snippets.guides.cost
	@python -m tests.update guides/cost

lint: setup  ## code style
	@ruff check . && ruff format --check .

audit: setup  ## known weaknesses of what is pinned, and of the workflows (asks the network)
	@zizmor --offline --quiet .github/workflows
	@npm audit --audit-level=high
	@pip-audit --strict --no-deps --disable-pip -r constraints.txt

addresses: setup  ## list new pages and headings as published: they answer for ever
	@python -m tests.addresses

pins: setup  ## take constraints.txt from this environment
	@python -m pip freeze --all | sed 's/+cpu$$//' > constraints.txt

clean:  ## remove what the build made, not the environment
	@rm -rf site .cache
