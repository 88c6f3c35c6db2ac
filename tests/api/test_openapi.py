"""The OpenAPI document against the running server: schemathesis tries what it says and what it does not say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import Server, serving

FOLDER = Path(__file__).resolve().parent
#: `make fuzz` sets it: cases for each operation
CASES = os.environ.get("FUZZ_CASES", "")


def test_every_operation_says_what_can_go_wrong_and_the_document_is_openapi_3_1(server: Server) -> None:
    document = httpx.get(f"{server.url}/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert (operation["operationId"] and operation.get("description")) or operation.get("summary"), path
            errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
            assert "500" in errors
            if path.startswith("/v1"):
                assert {"401", "403", "429", "503"} <= set(errors), (path, method)
                assert operation["security"] == [{"apiKey": []}]
                assert all("application/problem+json" in answer["content"] for answer in errors.values())


@pytest.mark.slow
def test_nothing_schemathesis_sends_breaks_the_server_or_its_word(
    read_home: tuple[Path, str, str], tmp_path: Path
) -> None:
    home, token, _ = read_home
    quick = ["--phases", "examples,coverage", "--max-examples", "3"]
    thorough = ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", CASES]
    with serving(home, DIGITIZER_API__REQUESTS_PER_MINUTE="1000000", DIGITIZER_API__WRONG_KEYS_PER_MINUTE="1000000") as running:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("schemathesis")), "run", f"{running.url}/openapi.json",
             "--header", f"Authorization: Bearer {token}", "--checks", "all",
             # bytes of a generated file are no scan: a schema cannot say what makes one
             "--exclude-checks", "positive_data_acceptance", "--suppress-health-check", "all", "--continue-on-failure",
             "--no-shrink", "--seed", "1", *(thorough if CASES else quick)],
            env={**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(FOLDER)},
            cwd=tmp_path, capture_output=True, text=True, timeout=7200,
        )  # fmt: skip
        assert httpx.get(f"{running.url}/healthz").status_code == 200
        log = running.log.read_text(encoding="utf-8")
    assert done.returncode == 0, done.stdout[-6000:]
    assert '"level": "error"' not in log
