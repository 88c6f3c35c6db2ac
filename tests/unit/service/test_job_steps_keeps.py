"""What the ledger keeps of a result, so that nobody reads it from the exported JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from digitizer.ledger import records, submissions
from digitizer.service import Service, Submission
from digitizer.settings import Settings
from tests.conftest import SAMPLES

BOOK = SAMPLES / "H60.127.03" / "books" / "KS" / "2018" / "01" / "trang-041-043.pdf"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service.open(Settings(home=tmp_path / "home")) as opened:
        yield opened


@pytest.mark.slow
def test_a_finished_book_has_the_pages_of_its_records_and_its_totals_in_the_ledger(service: Service) -> None:
    given = Submission(actor="test", agency="H60.127.03", book="KS/2018/01")
    intake, _ = service.submissions.receive([BOOK], "KS.2018.01", given)
    while service.jobs.work("test") is not None:
        pass
    with service.context.ledger.read() as tx:
        kept = records.find(tx, bundle_id=intake.bundle)
        stated = submissions.bundle_row(tx, intake.bundle)["stated"]
    assert kept and all(one.pages for one in kept)
    assert {page for one in kept for page in one.pages or ()} == {0, 1, 2}
    assert stated is not None
