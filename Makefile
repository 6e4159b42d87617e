# Dueflow: `make help` lists what can be done; every target first runs setup, which ends at once when all is there.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
CODE := shared services deploy cli demo checker clients benchmarks tests conftest.py
LOCK := uv pip compile --quiet --universal --generate-hashes --no-header \
	--no-emit-find-links --no-emit-index-url --python-version 3.11 pyproject.toml
# The slow files come first (pyproject.toml): by themselves xdist's workers would leave the files of few, long tests to the end.
IN_PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder
IMAGE_LOCK := $(LOCK) --no-annotate --constraints requirements.lock

.PHONY: help setup up down demo test faults chaos browser lint format types contracts bench lock docs walk clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: ## virtual environment, pinned packages, Kafka's jars; a second time nothing
	@sh deploy/local/setup.sh

up: setup ## start PostgreSQL, Kafka and the services; Ctrl-C ends them
	@$(BIN)/dueflow up

down: setup ## end what `make up` started elsewhere
	@$(BIN)/dueflow down

demo: setup ## let a year pass (DATA=file.csv: a year of yours; EXIT=1, SEED=n, DAYS=n, COMPOSE=1: in containers)
	@$(BIN)/dueflow demo $(if $(DATA),--data '$(DATA)') $(if $(EXIT),--exit) $(if $(SEED),--seed $(SEED)) \
		$(if $(DAYS),--days $(DAYS)) $(if $(MAPPING),--mapping '$(MAPPING)') $(if $(STRICT),--strict) $(if $(COMPOSE),--compose)

test: lint types contracts ## everything: lint, types, import contracts, all tests
	@$(BIN)/python -m pytest $(IN_PARALLEL)

faults: setup ## the fault tests that take minutes, which `make test` leaves out
	@$(BIN)/python -m pytest $(IN_PARALLEL) -m minutes

chaos: setup ## break a house of its own at random and prove that nothing is lost or done twice (SEED=n, MINUTES=m)
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

browser: ## what the tests of pages look with: Chromium and a Chinese typeface, by apt as root
	@sh deploy/local/browser.sh

lint: setup ## ruff: rules and format
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)

format: setup ## ruff: put the format right
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

types: setup ## mypy, strict
	@$(BIN)/mypy $(CODE)

contracts: setup ## who may import whom
	@$(BIN)/lint-imports --no-logo

bench: setup ## how fast invoices are recorded, each way beside its limit
	@$(BIN)/python -m benchmarks.issue_invoices

lock: setup ## pin the packages of pyproject.toml and Kafka's jars again (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv"; exit 1; }
	$(LOCK) --all-extras -o requirements.lock
	$(IMAGE_LOCK) -o requirements/base.lock
	@for service in credit ledger collections notifications checker mailbox; do \
		$(IMAGE_LOCK) --extra $$service -o requirements/$$service.lock || exit 1; \
	done
	$(BIN)/python -m deploy.local.kafka_lock

docs: setup ## write the generated documents again
	@$(BIN)/dueflow docs

walk: setup ## follow one invoice from the POST to the e-mail on the running system
	@$(BIN)/dueflow walk

clean: setup ## forget all runs; what was downloaded stays
	@$(BIN)/dueflow down
	@find var -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} +
