"""docs/api.md: its examples are run as they stand, and it names every error and limit there is."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitizer import errors
from digitizer.settings import ApiOptions
from tests.api.conftest import ROOT, serving

TEXT = (ROOT / "docs/api.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.M | re.S)


@pytest.mark.slow
def test_every_example_works_as_it_stands(read_home: tuple[Path, str, str], tmp_path: Path) -> None:
    home, token, document = read_home
    script = "\n".join(["set -euo pipefail", *blocks("sh")]).replace("samples/", f"{ROOT}/samples/")
    with serving(home) as server:
        environ = {"URL": server.url, "KEY": token, "ID": document, "PATH": "/usr/bin:/bin:/usr/local/bin"}
        done = subprocess.run(["bash", "-c", script], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
        assert "event: done" in done.stdout and document in done.stdout
        assert (tmp_path / "result.pdf").read_bytes().startswith(b"%PDF-")
        (python,) = blocks("python")
        # the examples above have cancelled the document by now: `wait` finds it over, and there is no file to save
        code = python.replace("samples/", f"{ROOT}/samples/").replace(
            "    client.save", "    assert document['state'] == 'CANCELLED' #"
        )
        exec(compile(code, "docs/api.md", "exec"), {"url": server.url, "key": token})


def classes(root: type[errors.DigitizerError]) -> Iterator[type[errors.DigitizerError]]:
    for child in root.__subclasses__():
        yield child
        yield from classes(child)


def test_every_error_of_the_hook_is_named() -> None:
    ours = [e for base in (errors.UsageError, errors.InputError, errors.ServiceError) for e in (base, *classes(base))]
    elsewhere = {"ambiguous_id", "input", "service", "queue_down", "seal_broken", "seal_untrusted"}
    assert {e.code for e in ours if e.__module__ == "digitizer.errors"} - elsewhere <= set(re.findall(r"`(\w+)`", TEXT))


def test_every_limit_is_named() -> None:
    kept = {"key_days", "overlap_days", "repeat_hours", "session_hours", "stream_s"}
    assert set(ApiOptions.model_fields) - kept <= set(re.findall(r"`(?:api\.)?(\w+)", TEXT))
