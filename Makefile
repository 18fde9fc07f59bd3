PY ?= .venv/bin/python

.PHONY: check full format bench
check:
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(dir $(PY))lint-imports
	$(PY) -m pytest

full: check
	$(PY) -m pytest -m full -n 0

format:
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

bench:
	$(PY) benchmarks/speed.py
	$(PY) -m soundlab bench direction
	$(PY) -m soundlab bench sketch
