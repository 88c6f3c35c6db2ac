"""Who may import whom (docs: style of the code), read from the imports themselves."""

from __future__ import annotations

import ast
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LEVELS = {
    "model": 0,
    "errors": 0,
    # for the systems that call us: one file that needs httpx and nothing of ours
    "client": 0,
    "geometry": 0,
    "lattice": 0,
    "sandbox": 0,
    "fork_server": 0,
    "forks": 0,
    "text": 0,
    "digests": 0,
    "serialization": 0,
    "settings": 1,
    "legacy_encodings": 1,
    "plugins": 1,
    "retry_after": 1,
    "passwords": 1,
    "words": 1,
    "openid": 1,
    "messages": 1,
    "logs": 1,
    "doctypes": 1,
    "signed_folders": 1,
    "dossiers": 1,
    "spreadsheets": 1,
    "indicators": 1,
    "webhooks": 1,
    "pace": 1,
    "pages": 2,
    "ocr": 2,
    "classify": 2,
    "extract": 2,
    "spelling": 2,
    "output": 2,
    "storage": 2,
    "ledger": 2,
    "queue": 2,
    "connectors": 2,
    "pipeline": 3,
    "service": 4,
    "api": 5,
    "workers": 5,
    # pages for people, on the same server
    "station": 6,
    # `digitizer serve` starts the server
    "cli": 7,
    "__main__": 8,
}
#: one home per library
HOMES = {
    "pymupdf": "digitizer/pages/",
    "cv2": "digitizer/pages/",
    "zxingcpp": "digitizer/pages/",
    # only in the decoder child, which has limits
    "tifffile": "digitizer/pages/decode.py",
    "imagecodecs": "digitizer/pages/decode.py",
    "pikepdf": "digitizer/output/",
    "pyhanko": "digitizer/output/signatures.py",
    "pyhanko_certvalidator": "digitizer/output/signatures.py",
    "pkcs11": "digitizer/output/signatures.py",
    "onnxruntime": "digitizer/ocr/",
    "paddleocr": "digitizer/ocr/",
    "paddlex": "digitizer/ocr/",
    "sqlalchemy": "digitizer/ledger/",
    "alembic": "digitizer/ledger/",
    "minio": "digitizer/storage/",
    "redis": "digitizer/queue/",
    "cryptography": "digitizer/signed_folders.py",
    "openpyxl": "digitizer/spreadsheets.py",
    "argon2": "digitizer/passwords.py",
    "authlib": "digitizer/openid.py",
    "joserfc": "digitizer/openid.py",
    "jinja2": "digitizer/station/rendering.py",
}
#: files of the product
FILES = sorted(p for top in ("digitizer", "workers") for p in (ROOT / top).rglob("*.py"))
#: folders of the checkout that are in no wheel
NOT_SHIPPED = {"training", "tests", "benchmarks", "samples", "scripts"}


def imports(path: Path) -> Iterator[str]:
    """Dotted names imported anywhere in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def part(dotted: str) -> str | None:
    """The part of ours a dotted name belongs to: `digitizer.pages.load` -> `pages`."""
    head, _, rest = dotted.partition(".")
    if head == "workers":
        return "workers"
    return rest.partition(".")[0] if head == "digitizer" else None


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_sees_lower_levels_only(path: Path) -> None:
    names = path.relative_to(ROOT).with_suffix("").parts
    own = "workers" if names[0] == "workers" else names[1]
    for dotted in imports(path):
        other = part(dotted)
        if other is None or other == own or other not in LEVELS or own == "__init__":
            continue
        same_ground = LEVELS[own] == LEVELS[other] == 0 or (LEVELS[own] == LEVELS[other] == 1)
        assert LEVELS[other] < LEVELS[own] or same_ground, f"{own} must not import {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_each_library_has_one_home(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    for dotted in imports(path):
        library = dotted.partition(".")[0]
        assert library != "fitz", "import pymupdf, never fitz"
        if library in HOMES:
            assert where.startswith(HOMES[library]), f"{library} is imported in {where}, not only in {HOMES[library]}"


def test_pymupdf_is_imported_in_one_file() -> None:
    assert len([p for p in FILES if any(name.partition(".")[0] == "pymupdf" for name in imports(p))]) == 1


def test_every_part_has_a_level() -> None:
    parts = {p.relative_to(ROOT).with_suffix("").parts[1] for p in FILES if p.relative_to(ROOT).parts[0] == "digitizer"}
    assert parts - {"__init__"} <= set(LEVELS)


def test_the_product_never_imports_what_the_wheel_leaves_out() -> None:
    assert not [p for p in FILES if any(name.partition(".")[0] in NOT_SHIPPED for name in imports(p))]


def test_exactly_one_distribution_owns_cv2() -> None:
    owners = importlib.metadata.packages_distributions().get("cv2", [])
    assert set(owners) == {"opencv-contrib-python"}, f"cv2 belongs to {owners}"


def test_a_unit_test_is_named_after_the_module_it_tests() -> None:
    """`tests/unit/ocr/test_ctc.py` tests `digitizer/ocr/ctc.py`, `tests/unit/ocr/test_ocr.py` the package itself.

    A module with many tests may have several files: `test_extract.py` and `test_extract_one_sheet.py`.
    """
    unit, astray = ROOT / "tests" / "unit", []
    for test in sorted(unit.rglob("test_*.py")):
        below = test.parent.relative_to(unit)
        folder = ROOT / below if below.parts[:1] == ("workers",) else ROOT / "digitizer" / below
        modules = {path.stem for path in folder.glob("*")} | {folder.name}
        name = test.stem.removeprefix("test_")
        if not any(name == module or name.startswith(f"{module}_") for module in modules):
            astray.append(test.relative_to(ROOT).as_posix())
    assert astray == []


#: those who use the service and see neither its context nor the ledger behind it
DOORS = [p for p in FILES if {"workers", "api", "station", "cli"} & set(p.relative_to(ROOT).parts[:2])]


@pytest.mark.parametrize("path", DOORS, ids=lambda p: str(p.relative_to(ROOT)))
def test_doors_use_the_objects_of_the_service_and_not_the_ledger(path: Path) -> None:
    reached = [node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)]
    assert not {"ledger", "context"} & set(reached), "give this to an object of service/"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_begins_with_an_underscore_is_used_in_its_own_file_only(path: Path) -> None:
    own = defined(path)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and private(node.attr) and node.attr not in own:
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            assert owner in ("self", "cls", "os"), f"line {node.lineno}: {ast.unparse(node)} belongs to another file"
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in ("digitizer", "workers"):
            folder = ROOT / str(node.module).replace(".", "/")
            taken = [a.name for a in node.names if private(a.name) and not (folder / f"{a.name}.py").exists()]
            assert not taken, f"line {node.lineno}: {taken} belong to {node.module}"


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def defined(path: Path) -> set[str]:
    """Names that a file gives to functions, classes, variables and attributes."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found
