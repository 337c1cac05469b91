# `make` or `make help` tells what one can do here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WBC := $(BIN)/wbc
DEMO := demo
SCHEMAS := fixtures/4dn/profiles.json

.DEFAULT_GOAL := help
.PHONY: help install demo check test golden bench pictures build clean

help:  ## tell what one can do here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(VENV)/.installed  ## make .venv and install the tool with all that its tests need

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: install  ## blank template, filled workbook, check, compile, report: a Hi-C submission in a minute
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	@cp fixtures/4dn/filled.xlsx fixtures/4dn/broken.xlsx $(DEMO)/
	@$(WBC) template hi-c --portal 4dn --schemas $(SCHEMAS) -o $(DEMO)/blank.xlsx > $(DEMO)/log
	@echo "1. A blank workbook to fill in ............ $(DEMO)/blank.xlsx"
	@echo "2. The same, filled in .................... $(DEMO)/filled.xlsx"
	@echo "3. Checked:"; $(WBC) check $(DEMO)/filled.xlsx --portal 4dn --schemas $(SCHEMAS)
	@$(WBC) compile $(DEMO)/filled.xlsx --portal 4dn --schemas $(SCHEMAS) -o $(DEMO)/submission > $(DEMO)/log 2>&1
	@echo "4. Compiled; the ordered plan ............. $(DEMO)/submission/plan.json"
	@echo "   every message as it would be sent ...... $(DEMO)/submission/requests/"
	@echo "   the report ............................. $(DEMO)/submission/report.html"
	@$(WBC) check $(DEMO)/broken.xlsx --portal 4dn --schemas $(SCHEMAS) --format html -o $(DEMO)/broken.html 2> $(DEMO)/log; test $$? = 1
	@echo "5. The same with typical mistakes ......... $(DEMO)/broken.xlsx"
	@echo "   what the bench is told about them ...... $(DEMO)/broken.html"
	@$(WBC) check $(DEMO)/broken.xlsx --portal 4dn --schemas $(SCHEMAS) --format xlsx -o $(DEMO)/marked.xlsx 2> $(DEMO)/log; test $$? = 1
	@echo "   that workbook, wrong cells marked ...... $(DEMO)/marked.xlsx"
	@$(WBC) fix $(DEMO)/marked.xlsx --all -o $(DEMO)/mended.xlsx > $(DEMO)/log 2>&1
	@echo "   with every suggestion accepted ......... $(DEMO)/mended.xlsx"
	@rm -f $(DEMO)/log

check: install  ## style, types and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check  ## all checks and all tests
	$(BIN)/pytest -n auto --dist loadgroup

golden: install  ## accept what the golden tests see now; then read the diff
	$(BIN)/pytest tests/test_golden.py tests/test_cases.py --accept

bench: install  ## measure against the floor and the peers; BENCH=--quick takes two sizes
	$(BIN)/python benchmarks/bench.py $(BENCH)

pictures: install  ## take the README's pictures anew; needs LibreOffice, Chromium and a screen that nobody sees
	$(BIN)/python fixtures/pictures/take.py

build: install  ## the wheel and the source archive, in dist/
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build

clean:  ## remove everything that was made here
	rm -rf $(VENV) $(DEMO) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
