# make demo   digitize samples/ with the embedded defaults
# make test   checks and tests
# Both set up .venv/ first; only Debian's libgl1 (for OpenCV) must come from the system.
PYTHON ?= python3
BIN := .venv/bin
OUTPUT ?= demo-output
EVAL_DATA ?= ../shared/data
export EVAL_DATA
export PIP_DISABLE_PIP_VERSION_CHECK = 1

# make faults  workers, servers and disks killed at random
.PHONY: demo test unit check faults mutants bench bench-scale fuzz lock samples wheel clean validate

demo: .venv/ready
	@DEMO_OUTPUT=$(OUTPUT) BIN=$(BIN) sh scripts/demo.sh

# MinIO is built while the checks and the tests that need no S3 run, the first time only
test: .venv/ready
	@sh scripts/minio.sh & $(MAKE) --no-print-directory check && $(BIN)/pytest $(PYTEST_ARGS)

# tests of single modules that need neither whole pages nor other programs: about 20 seconds on two cores
unit: .venv/ready
	$(BIN)/pytest tests/unit -q -m "not slow" -p no:schemathesis -n auto

# the full numbers of the fault tests, with a seed that reproduces a run: make faults SEED=…
faults: .venv/ready
	$(BIN)/pytest -s tests/faults --kills 200 --record benchmarks/results $(if $(SEED),--seed $(SEED))
	rm -rf .cache/faults && mkdir -p .cache/faults && $(BIN)/python -m tests.faults.delivery_run --count 5000 --home .cache/faults

# changes the code and lists the changes that no fast test notices; after MINUTES it stops, and a second run goes on:
# make mutants MODULE=digitizer/service/review.py MINUTES=10
mutants: .venv/ready
	$(BIN)/python -m pip install --quiet --editable '.[mutants]'
	timeout $(or $(MINUTES),30)m $(BIN)/mutmut run --max-children 2 $(if $(MODULE),'$(subst /,.,$(MODULE:.py=)).*') || test $$? = 124
	@$(BIN)/mutmut results

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/digitizer doctypes check

bench: .venv/ready
	$(BIN)/python benchmarks/run.py --pages samples $(foreach f,pages_dev scan_pages_danang printed_pages_anle,$(if $(wildcard $(EVAL_DATA)/$(f)),--pages $(EVAL_DATA)/$(f)))

# what the HTTP server says of itself, tried at length: `make fuzz FUZZ_CASES=500`
fuzz: .venv/ready
	FUZZ_CASES=$(or $(FUZZ_CASES),200) $(BIN)/pytest tests/api/test_openapi.py --timeout 7200

# overhead, scaling, a backlog of 100,000 and memory of the pool; hours with the real engine: PAGES=… for fewer
bench-scale: .venv/ready
	$(BIN)/python benchmarks/scale.py --pages $(or $(PAGES),2000)

# veraPDF (fetched once from Maven Central, needs Java and Maven) and qpdf over the output for all samples and odd files
validate: .venv/ready
	$(BIN)/python benchmarks/output.py samples $(wildcard $(EVAL_DATA)/badfiles)

samples: .venv/ready
	$(BIN)/python samples/make.py

wheel: .venv/ready
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .

# the exact versions CI and the demo run with; needs `uv`
lock:
	uv pip compile pyproject.toml --extra dev --extra draw --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --quiet -o requirements.lock

.venv/ready: pyproject.toml requirements.lock scripts/setup.sh
	@PYTHON=$(PYTHON) sh scripts/setup.sh

clean:
	rm -rf .venv .cache $(OUTPUT) dist
