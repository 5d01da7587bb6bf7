# Everything runs in .venv, which the first target that needs it makes.

PYTHON ?= python3
BIN := .venv/bin

# Bytecode is kept: without it each of the many processes compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install test thorough lint demo bench drill faults platforms golden clean

install: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable . --group dev
	touch $@ .venv/.demo

test: install
	$(BIN)/python -m pytest -n 3 --dist worksteal

# The same with every case, on both databases, and what takes its time.
thorough: install
	$(BIN)/python -m pytest -m "not drill" -n 3 --dist worksteal

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive ticketsync

demo: .venv/.demo
	$(BIN)/ticketsync demo

# What a user installs, without the tools of development; `install` makes it, too.
.venv/.demo: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable .
	touch $@

bench: install
	$(BIN)/python tests/benchmarks/run.py

# The attack: routes × roles × methods, forged deliveries, hostile texts through every
# reader, edited rows, planted backups, slow sockets and bombs. Its large sizes are drills
# like others; the rest is quick, in the suite, and runs with them.
ATTACK = tests/web/test_roles.py tests/web/test_routes.py tests/web/test_entrance.py \
	tests/workflows/test_hostile_deliveries.py tests/workflows/test_hostile_storm.py \
	tests/workflows/test_hostile_scans.py tests/workflows/test_hostile_platforms.py \
	tests/net/test_hostile_platform.py tests/cli/test_hostile_titles.py \
	tests/cli/test_foreign_text.py tests/workflows/test_planted_rows.py \
	tests/workflows/test_integrity_check.py tests/cli/test_restore_differences.py \
	tests/store/test_restored_contents.py tests/store/test_foreign_databases.py

drill: install
	$(BIN)/python -m pytest -m drill -n 2 -rP
	$(BIN)/python -m pytest -m "not drill" -n 2 -rP $(ATTACK)
	TICKETSYNC_REPORTS=5000 $(BIN)/python -m pytest -m "drill or not drill" -n 2 \
		tests/providers/test_report_properties.py \
		tests/providers/test_report_money_properties.py

faults: install
	$(BIN)/python tests/faults.py

platforms: install
	$(BIN)/python tests/platforms.py

golden: install
	$(BIN)/python tests/golden/regenerate.py

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
