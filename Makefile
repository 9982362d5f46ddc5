# `make run` and `make test` need only make and Python 3.11 or later. PostgreSQL and Valkey come from
# Python wheels, unless DATABASE_URL and REDIS_URL name your own servers.

# The first Python on the PATH that is new enough. Choose another with `make PYTHON=/path/to/python3`.
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
# Some machines set it. Then every process of the site and of the tests would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test pgbouncer test-citus lint format bench year cluster lock audit clean
.DEFAULT_GOAL := help

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## /make \1	/p' $(MAKEFILE_LIST)

# HTTPS is off, because this machine has no certificate.
run: export HTTPS ?= off
run: $(STAMP) ## Run the site as deployed, with demo data, on http://localhost:8000 (PORT=… for another)
	@$(EMBEDDED) $(PY) manage.py run_site $(ARGS)

# All tests run in a process for each core and one more, because tests of faults wait often. ARGS run in
# one process: it starts sooner, and a debugger can stop it (ARGS="bookings -n 2" for two).
test: $(STAMP) ## Run all tests, also in the browser (ARGS="bookings -k hold" for some)
	@$(EMBEDDED) $(PY) -m pytest $(or $(ARGS),-n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --maxprocesses=4)

# Its servers are separate from those of `make run`, because it changes the role of the database.
pgbouncer: export EMBEDDED_DATA = .data/through-pgbouncer
pgbouncer: $(STAMP) ## Run the tests of races with PgBouncer between the site and the database, 3 minutes
	@.ci/pgbouncer && mkdir -p .data/through-pgbouncer
	@$(EMBEDDED) $(PY) -m tests.cluster.pgbouncer $(PY) -m pytest -W 'ignore:Error when trying to teardown' \
		$(or $(ARGS),$$(grep -rl --include='test_*.py' \
			--exclude-dir=.venv --exclude-dir=.data 'tests.support.races' .) -n logical --maxprocesses=4)

# Citus is in no package registry, so it is not among the servers that come with the site.
test-citus: export DATABASE_URL = $(CITUS_URL)
test-citus: export CITUS = on
# After each step the state machine checks all rules on all servers: minutes for an example.
test-citus: export STATE_MACHINE_EXAMPLES ?= 1
ON_CITUS = bookings/tests/test_races.py bookings/tests/test_confirm_races.py \
	bookings/tests/test_state_machine.py bookings/integrity shows/tests/test_screen_times.py \
	bookings/payments/tests/test_payment_races.py bookings/payments/tests/test_refund_queue.py \
	bookings/payments/tests/test_settlement.py bookings/documents
test-citus: $(STAMP) ## Run the tests of races, money and integrity on Citus (CITUS_URL=…, docs/sharding.md)
ifeq ($(CITUS_URL),)
	@echo 'TESTS ON CITUS NOT RUN: set CITUS_URL=postgresql://… of a PostgreSQL with Citus (docs/sharding.md)'
else
	@$(EMBEDDED) $(PY) -m pytest $(or $(ARGS),$(ON_CITUS))
endif

lint: $(STAMP) $(NODE_STAMP) ## Check style, imports, types and migrations; JavaScript and CSS too
	@$(BIOME) check --error-on-warnings
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(VENV)/bin/lint-imports --no-logo
	@$(EMBEDDED) sh -c '$(PY) -m mypy . && $(PY) manage.py makemigrations --check --dry-run'

format: $(STAMP) $(NODE_STAMP) ## Format the code
	@$(BIOME) check --write ; $(PY) -m ruff check --fix . ; $(PY) -m ruff format .

# The benchmarks have their own servers, separate from those of `make run`.
bench: export EMBEDDED_DATA = .data/bench
bench: $(STAMP) ## Measure the speed and compare it with plain Django, 10 minutes (ARGS="--only reads" for parts)
	@mkdir -p .data/bench
	@$(EMBEDDED) $(PY) -m bench $(ARGS)

year: export EMBEDDED_DATA = .data/year
year: $(STAMP) ## Compare every page on a year of a chain's data with demo data, 10 minutes
	@mkdir -p .data/year
	@$(EMBEDDED) $(PY) -m bench.year $(ARGS)

# It needs root: each host is a network namespace.
cluster: export DJANGO_SETTINGS_MODULE = bookmyshow.settings
cluster: $(STAMP) ## Lose, cut off and move the leading one of three databases, 25 minutes (ARGS="--only power")
	@$(EMBEDDED) $(PY) -m tests.cluster $(ARGS)

# The tools of these two commands are in a virtual environment of their own.
TOOLS := $(VENV)/tools
lock: $(STAMP) ## Update the lock files after a change of requirements*.txt
	@"$(PYTHON)" -m venv $(TOOLS) && $(TOOLS)/bin/pip install --quiet uv==0.13.9
	@for name in requirements requirements-dev; do $(TOOLS)/bin/uv pip compile --quiet --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate $$name.txt -o $$name.lock; done

audit: $(STAMP) ## Look for known vulnerabilities of the packages (asks a public database)
	@"$(PYTHON)" -m venv $(TOOLS) && $(TOOLS)/bin/pip install --quiet pip-audit==2.10.1
	@$(TOOLS)/bin/pip-audit --require-hashes --disable-pip -r requirements.lock

clean: ## Delete generated files; the databases in .data/ stay
	rm -rf $(VENV) node_modules staticfiles .mypy_cache .ruff_cache .import_linter_cache .pytest_cache
	find . -name __pycache__ -not -path './.data/*' -prune -exec rm -rf {} +

# The virtual environment is created again when the lock files change. It takes a minute.
$(STAMP): requirements.lock requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install it, or make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than Python 3.11: make PYTHON=/path/to/a/newer/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the requirements into $(VENV) …"
	@"$(PYTHON)" -m venv $(VENV)
	@$(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(NODE_STAMP): $(STAMP) package-lock.json
	@$(VENV)/bin/npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@
