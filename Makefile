# `make run` and `make test` set themselves up; both work from a bare clone. See the README.
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8501
# In personal mode whoever can reach the app may use it: other machines only when asked for.
ADDRESS ?= 127.0.0.1

# The first Python that is new enough. macOS's own python3 may be older than that.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$name; break; }; done)

.PHONY: run test check lint format standin diffusers clean

run: $(VENV)/run.stamp
	@$(VENV)/bin/streamlit run app.py --server.address $(ADDRESS) --server.port $(PORT)

test: $(VENV)/dev.stamp
	$(PY) -m pytest -n auto --dist loadfile

check: lint test

lint: $(VENV)/dev.stamp
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/mypy app.py
	$(VENV)/bin/lint-imports

format: $(VENV)/dev.stamp
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

standin: $(VENV)/run.stamp
	$(PY) -m tests.standin --port 8600

# The libraries of a model on this machine, for the tests that want them. Several GB where pip brings CUDA along.
diffusers: $(VENV)/dev.stamp
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-diffusers.txt

clean:
	rm -rf $(VENV)

$(VENV)/made.stamp:
	@test -n "$(PYTHON)" || { echo "Reve Studio needs Python 3.11 or newer. Install it, or name it: make run PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv could not be made. On Debian or Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/run.stamp: $(VENV)/made.stamp requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/made.stamp requirements.txt requirements-c2pa.txt requirements-dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp
