"""What our pages name exists: files, names in files, links, measured runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.prose import PAGES, ROOT

_TOPS = "digitizer|workers|training|tests|benchmarks|samples|scripts|docs"
#: `digitizer/x.py`, a folder, or a glob; names in angle brackets are to be filled in
_PATH = re.compile(rf"`((?:{_TOPS})/[^`\s]*)`")
#: `digitizer/result/1` is the name of a schema
_SCHEMA = re.compile(r"digitizer/\w+/\d+")
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
#: `digitizer/x.py`: `name`
_NAME = re.compile(rf"`((?:{_TOPS})/[^`\s<]*\.py)`: `([A-Za-z_]\w*)[^`]*`")
_RESULT = re.compile(r"\d{4}-\d\d-\d\d-[0-9a-f]{7,8}-[\w-]+\.(?:json|png)")


def shown(page: Path) -> str:
    return str(page.relative_to(ROOT))


pages = pytest.mark.parametrize("page", PAGES, ids=shown)


@pages
def test_every_path_a_page_names_is_there(page: Path) -> None:
    named = {path.partition(":")[0].partition("?")[0] for path in _PATH.findall(page.read_text(encoding="utf-8"))}
    checked = [path for path in sorted(named) if not set("<>…") & set(path) and not _SCHEMA.fullmatch(path)]
    missing = [path for path in checked if not (any(ROOT.glob(path)) if "*" in path else (ROOT / path).exists())]
    assert not missing


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


@pages
def test_every_name_a_page_gives_to_a_file_is_in_it(page: Path) -> None:
    pairs = _NAME.findall(page.read_text(encoding="utf-8"))
    wrong = [(path, name) for path, name in pairs if not re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8"))]
    assert not wrong


def test_every_run_that_is_quoted_is_kept() -> None:
    quoted = {run for page in PAGES for run in _RESULT.findall(page.read_text(encoding="utf-8"))}
    assert quoted
    assert not [run for run in sorted(quoted) if not (ROOT / "benchmarks" / "results" / run).exists()]


def test_contributing_names_a_place_for_twenty_changes() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where do I change")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| what |")]
    assert len(rows) >= 20
    assert all(row.count("`") >= 4 for row in rows), "each row names a file and a test"
