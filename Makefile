# make demo   set everything up, extract the demo, open the dashboard      (PORT=8600 SAMPLES=300)
# make test   install what the tests need and run all of them
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8501
SAMPLES ?= 1000
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint clean

demo: $(VENV)/.demo
	$(BIN)/python -m core demo --samples $(SAMPLES)
	@echo "The dashboard: http://127.0.0.1:$(PORT)   (Ctrl-C stops it)"
	$(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.headless false --server.showEmailPrompt false

test: $(VENV)/.test
	sh tests/browser/chromium.sh
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(VENV)/.test
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

clean:
	rm -rf $(VENV) tests/.cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make demo PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing the requirements (a few minutes, once) ..."
	$(PIP) -r requirements.txt
	touch $@

$(VENV)/.demo: requirements-demo.txt $(VENV)/.installed
	$(PIP) --no-deps --require-hashes -r requirements-demo.txt
	touch $@

$(VENV)/.test: requirements-test.txt $(VENV)/.demo
	$(PIP) -r requirements-test.txt
	touch $@
