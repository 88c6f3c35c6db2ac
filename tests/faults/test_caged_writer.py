"""PDFs are written from a stranger's file behind walls: a hostile one costs a child its limits, and the process nothing."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import psutil
import pytest

from digitizer import forks
from digitizer.errors import OutputInvalid
from digitizer.output import caged
from tests.processes import decoders
from tests.unit.output.builders import jpeg, rendered, text_of

load = importlib.import_module("digitizer.pages.load")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fork server of its own, because a server keeps the environment and the modules it started with."""
    server = forks.ForkServer()
    monkeypatch.setattr(forks, "_shared", server)
    yield
    server.close()


def pdf_of(path: Path, content: bytes) -> Path:
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page(page_size=(504, 648))
        pdf.pages[0].contents_add(content)
        pdf.save(path, compress_streams=True)
    return path


@pytest.mark.parametrize("content", [b"q Q " * 2_000_000, b" " * 60_000_000], ids=["operations", "blanks"])
def test_a_page_of_millions_of_operations_becomes_a_picture_and_costs_this_process_nothing(
    tmp_path: Path, content: bytes
) -> None:
    path = pdf_of(tmp_path / "a.pdf", content)
    assert path.stat().st_size < 100_000
    texts = [text_of("", size=(504, 648))]
    rendered(tmp_path, jpeg(tmp_path), "image/jpeg")  # imports are paid for
    before = psutil.Process().memory_info().rss
    pdf, result = rendered(tmp_path, path, "application/pdf", texts)
    assert [problem["code"] for problem in result["problems"]] == ["pdf_rebuilt"]
    assert psutil.Process().memory_info().rss - before < 100_000_000
    with pikepdf.open(pdf) as written:
        assert len(written.pages) == 1
    assert decoders() == []


@pytest.mark.usefixtures("server")
def test_a_writer_that_dies_leaves_pictures_of_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text(
        "import os\nfrom digitizer.output import writer\nload_libraries, serve = writer.load_libraries, writer.serve\n"
        "write = writer.write_pdf\n"
        "def first_dies(*a, style, **n):\n    return write(*a, style=style, **n) if style.rasterise else os._exit(1)\n"
        "writer.write_pdf = first_dies\n"
    )
    monkeypatch.setattr(caged, "_TASK", str(dying))
    _, result = rendered(tmp_path, pdf_of(tmp_path / "a.pdf", b"q Q"), "application/pdf", [text_of("", size=(504, 648))])
    assert [problem["code"] for problem in result["problems"]] == ["pdf_rebuilt"]


@pytest.mark.usefixtures("server")
def test_a_writer_in_a_strangers_hands_reaches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ledger.db", "scan.jpg"):
        (tmp_path / name).write_bytes(b"secret")
    monkeypatch.setattr(caged, "_TASK", str(Path(__file__).with_name("hostile_writer.py")))
    monkeypatch.setenv("LANG", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "1")
    monkeypatch.setenv("LD_LIBRARY_PATH", load._TASK)
    pdf, _ = rendered(tmp_path, jpeg(tmp_path), "image/jpeg")
    assert pdf.read_bytes() == b"nothing"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    "line",
    [
        b'{"ask": "bytes", "source": "/etc/passwd", "scan": 0}',
        b'{"ask": "environment", "source": "", "scan": 0}',
        b'{"ask": "scan", "source": "", "scan": 0}',
        b'{"ask": "pixels", "source": "", "scan": -1}',
        b'{"problems": [{"code": "a sentence", "facts": {}}]}',
        b'{"problems": {}}',
        b"\xff",
        b"1" * 200_000,
    ],
)
def test_a_line_that_no_writer_of_ours_says_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    lying = tmp_path / "lying.py"
    lying.write_text(
        "import os\nimport time\ndef load_libraries(hint): pass\n"
        f"def serve(requests, answers, files):\n    answers.write({line!r} + b'\\n')\n    answers.flush()\n    time.sleep(60)\n"
    )
    monkeypatch.setattr(caged, "_TASK", str(lying))
    with pytest.raises(OutputInvalid):
        rendered(tmp_path, jpeg(tmp_path), "image/jpeg")
