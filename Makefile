# `make run` and `make test` need nothing but Python 3.11 or later and make: PostgreSQL and Valkey
# come from Python wheels, unless DATABASE_URL and REDIS_URL name servers of your own.

# The first Python that is new enough; `make PYTHON=/path/to/python3` names another.
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v "$$python" && break; done)

VENV := .venv
STAMP := $(VENV)/.installed
NODE_STAMP := node_modules/.installed
PY := $(VENV)/bin/python
# Node.js comes from a Python wheel, so that nothing is installed outside this folder.
BIOME := $(VENV)/bin/node node_modules/.bin/biome
EMBEDDED := exec $(PY) -m bookmyshow.embedded --end-with-parent=$$PPID

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PYTHONUNBUFFERED = 1

.PHONY: help run test lint format bench year lock audit clean
.DEFAULT_GOAL := help

help: ## Show this list
	@sed -nE 's/^([a-z]+):.*## /make \1	/p' $(MAKEFILE_LIST)

# No certificate on this machine, so HTTPS is off; and its demo accounts are for this machine alone.
run: export HTTPS ?= off
run: $(STAMP) ## Run the site as deployed, with demo data, on http://localhost:8000 (PORT=… for another)
	@$(EMBEDDED) $(PY) manage.py run_site $(ARGS)

test: $(STAMP) ## Run all tests, those in the browser too (ARGS="bookings -k hold" for some)
	@$(EMBEDDED) $(PY) -m pytest $(ARGS)

lint: $(STAMP) $(NODE_STAMP) ## Check style, imports, types and migrations; JavaScript and CSS too
	@$(BIOME) check --error-on-warnings
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(VENV)/bin/lint-imports --no-logo
	@$(EMBEDDED) sh -c '$(PY) -m mypy . && $(PY) manage.py makemigrations --check --dry-run'

format: $(STAMP) $(NODE_STAMP) ## Format the code
	@$(BIOME) check --write ; $(PY) -m ruff check --fix . ; $(PY) -m ruff format .

# Servers of its own, apart from those of `make run`.
bench: export EMBEDDED_DATA = .data/bench
bench: $(STAMP) ## Measure how fast it is beside plain Django, 10 minutes (ARGS="--only reads" for parts)
	@mkdir -p .data/bench
	@$(EMBEDDED) $(PY) -m bench $(ARGS)

year: export EMBEDDED_DATA = .data/year
year: $(STAMP) ## Open every page on a year of a chain's data beside the demo's, 10 minutes
	@mkdir -p .data/year
	@$(EMBEDDED) $(PY) -m bench.year $(ARGS)

# The tools of these two are installed beside the project's own packages, which need neither.
TOOLS := $(VENV)/tools
lock: $(STAMP) ## Write the lock files again, after a change of requirements*.txt
	@"$(PYTHON)" -m venv $(TOOLS) && $(TOOLS)/bin/pip install --quiet uv==0.13.9
	@for name in requirements requirements-dev; do $(TOOLS)/bin/uv pip compile --quiet --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate $$name.txt -o $$name.lock; done

audit: $(STAMP) ## Look for known weaknesses of the packages (asks a public database)
	@"$(PYTHON)" -m venv $(TOOLS) && $(TOOLS)/bin/pip install --quiet pip-audit==2.10.1
	@$(TOOLS)/bin/pip-audit --require-hashes --disable-pip -r requirements.lock

clean: ## Remove what is generated; the databases in .data/ stay
	rm -rf $(VENV) node_modules staticfiles .mypy_cache .ruff_cache .import_linter_cache .pytest_cache
	find . -name __pycache__ -not -path './.data/*' -prune -exec rm -rf {} +

# Made anew whenever the requirements change. pip's progress is worth seeing: it takes a minute.
$(STAMP): requirements.lock requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install it, or make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is no Python 3.11 or later: make PYTHON=/path/to/a/newer/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the requirements into $(VENV) …"
	@"$(PYTHON)" -m venv $(VENV)
	@$(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(NODE_STAMP): $(STAMP) package-lock.json
	@$(VENV)/bin/npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@
