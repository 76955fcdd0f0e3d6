# Needs only python3 (3.11 or newer) with pip. Start with `make run`, `make test` or `make lint`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
# The version of uv is pinned once, in pyproject.toml, where uv reads it too. The recipe of $(STAMP) installs bin/uv.
UV := $(shell sed -n 's/^required-version = "\(.*\)"/uv\1/p' pyproject.toml)
PROJECTS := pyproject.toml $(wildcard backends/*/pyproject.toml)

.PHONY: run test fuzz lint format lock clean

run: $(STAMP)
	$(BIN)/archc check specs/alexnet.yaml
	$(BIN)/archc build --backend torch -o build/alexnet.py
	$(BIN)/archc train --gpus 2 --batch 32 --lr 0.00125 --steps 120

# Two processes, each of which runs whole files, since what a file sets up takes longest. Long files are early in the order.
test: $(STAMP)
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# Examples per kind of hostile text. To run more: `make fuzz EXAMPLES=100000`.
EXAMPLES ?= 20000
fuzz: $(STAMP)
	EXAMPLES=$(EXAMPLES) $(BIN)/pytest tests/test_fuzz.py tests/test_emitted_safely.py

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright

format: $(STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(STAMP)
	$(BIN)/uv lock

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache

$(STAMP): uv.lock $(PROJECTS)
	@test -n "$(UV)" || { echo "pyproject.toml does not pin uv: set required-version under [tool.uv]"; exit 1; }
	@echo "archc: installing into $(VENV) from uv.lock (PyTorch and TensorFlow: several GB the first time)"
	test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	test -x $(BIN)/uv || $(PYTHON) -m pip --python $(BIN)/python install --quiet "$(UV)"
	$(BIN)/uv sync --frozen --all-packages --all-extras --all-groups --python $(BIN)/python
	@touch $@
