# Every target works alone, first, from a clean clone: what it needs is installed into .venv once.
PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
VERSIONS ?= 3.11 3.12 3.13
export JAX_PLATFORMS ?= cpu

version := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
pins := .ci/constraints/py$(version).txt
install := $(VENV)/bin/python -m pip install -qq --disable-pip-version-check --constraint $(pins)
ready := $(VENV)/.ready-$(version)
site := $(VENV)/.site-$(version)
packaging := $(VENV)/.packaging-$(version)
linters := $(VENV)/.linters-$(version)
torch := $(VENV)/.torch-$(version)
pytest := PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pytest --numprocesses $(WORKERS) --dist worksteal --durations 20

.PHONY: report renew test rest test-full core torch test-all benchmark calibrate lint picture route reference experiments textbook libraries package notebooks docs pins clean

report: $(ready)  ## judge everything, write reports/local/
	@$(VENV)/bin/refnet report --out reports/local

renew: $(torch)  ## the same, into reports/: the report that is committed
	@$(VENV)/bin/refnet report --out reports

test: $(ready)  ## the test suite, in some minutes: all but whole programs and what is dear
	@$(pytest) -m "not end_to_end and not dear and not package"

rest: $(ready)  ## what `make test` leaves out: whole programs, and what is dear
	@$(pytest) -m "(end_to_end or dear) and not package"

test-full: $(ready)  ## the whole test suite, and reports from installed wheels
	@$(pytest)
	@$(MAKE) --no-print-directory package VERSIONS=$(version)

core: $(ready)  ## the test suite without the tests that run whole programs
	@$(pytest) -m "not end_to_end and not package"

torch: $(torch)  ## the tests that need PyTorch
	@$(pytest) -m torch

test-all:  ## `make test` under every Python of VERSIONS that is on this machine
	@.ci/test-all $(VERSIONS)

benchmark: $(ready)  ## training beside peers; what a proof and a verdict cost; what they see
	@$(VENV)/bin/python -m benchmarks.training
	@$(VENV)/bin/python -m benchmarks.proof
	@$(VENV)/bin/python -m benchmarks.cost
	@$(VENV)/bin/python -m benchmarks.sensitivity
	@$(VENV)/bin/python -m benchmarks.memory
	@$(VENV)/bin/python -m benchmarks.cold
	@$(VENV)/bin/python -m benchmarks.import_time
	@$(VENV)/bin/python -m benchmarks.kills
	@$(VENV)/bin/python -m benchmarks.sweep
	@$(VENV)/bin/python -m benchmarks.scale

calibrate: $(torch)  ## false alarms of 10,000 verdicts, peers beside us, the whole kill table
	@$(VENV)/bin/python -m benchmarks.calibration
	@$(VENV)/bin/python -m benchmarks.peers_by_size
	@$(VENV)/bin/python -m benchmarks.gates
	@$(VENV)/bin/python -m benchmarks.explain
	@$(VENV)/bin/python -m benchmarks.vectors
	@$(VENV)/bin/python -m benchmarks.kill_table
	@$(VENV)/bin/python -m benchmarks.kill_table_second
	@$(VENV)/bin/python -m benchmarks.second_order
	@$(VENV)/bin/python -m benchmarks.kinds
	@$(VENV)/bin/python -m benchmarks.estimators
	@$(VENV)/bin/python -m benchmarks.updates
	@$(VENV)/bin/python -m benchmarks.edge_faults
	@$(VENV)/bin/python -m benchmarks.training_runs

lint: $(linters)
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/pyright --pythonpath $(VENV)/bin/python

picture: $(ready)  ## docs/report.png, and build/screens of a finding, if nothing is clipped; wants chromium
	@.ci/overflow $(VENV)/bin/python
	@.ci/picture $(VENV)/bin/python
	@rm -rf build/screens && mkdir -p build/screens && $(VENV)/bin/python .ci/screens.py build/screens
	@for name in terminal pytest finding inaccurate check; do mkdir build/screens/$$name && \
		.ci/overflow $(VENV)/bin/python build/screens/$$name.html build/screens/$$name || exit 1; done

route: $(ready)  ## docs/route.svg: the walk of one call, drawn from the code
	@$(VENV)/bin/python .ci/route docs/route.svg

reference: $(ready)  ## docs/reference.md: every function of refnet with its formula, from the docstrings
	@$(VENV)/bin/python .ci/reference docs/reference.md

package: $(packaging)  ## wheel and sdist, checked, and installed into empty environments of VERSIONS
	@.ci/package $(VENV)/bin/python $(VERSIONS)

experiments: $(ready)  ## docs/experiments, run anew: five seeds, a figure and a page of each
	@$(VENV)/bin/python .ci/experiments

textbook: $(ready)  ## docs/textbook: a page for each network, from docstrings and derivations
	@$(VENV)/bin/python .ci/textbook --measure

libraries: $(ready)  ## docs/libraries.md: which library has which update rule, by which arguments
	@$(VENV)/bin/python .ci/libraries docs/libraries.md

notebooks: $(ready)  ## docs/notebooks, run from top to bottom, with what they show
	@$(VENV)/bin/python .ci/notebooks.py

docs: $(site)  ## build/site/index.html: the documentation as a site
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/python .ci/site build/site && echo build/site/index.html

pins:  ## remake .ci/constraints from the newest releases that pyproject.toml admits
	@.ci/pins $(VERSIONS)

clean:
	@rm -rf .venv .venv-* build *.egg-info .pytest_cache .hypothesis .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(ready): pyproject.toml $(wildcard .ci/constraints/*.txt)
	@test -f $(pins) || { echo "refnet wants Python 3.11, 3.12 or 3.13, but $(PYTHON)" \
		"$(if $(version),is $(version),cannot be run); give one with make PYTHON=..." >&2; exit 2; }
	@echo "installing into $(VENV) (once)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(install) setuptools
	@$(install) --no-build-isolation --editable '.[test]'
	@touch $@

$(torch): $(ready)
	@$(install) --no-build-isolation --editable '.[torch]'
	@touch $@

$(site): $(ready)
	@$(install) --no-build-isolation --editable '.[docs]'
	@touch $@

$(packaging): $(ready)
	@$(install) --no-build-isolation --editable '.[package]'
	@touch $@

$(linters): $(ready)
	@$(install) --no-build-isolation --editable '.[lint]'
	@touch $@
