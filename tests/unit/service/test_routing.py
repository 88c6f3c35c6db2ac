"""Which target gets a dossier, and whether a person looks first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digitizer import connectors
from digitizer.dossiers import RoutingHint
from digitizer.ledger import Transaction, submissions
from digitizer.model import Intake
from digitizer.service import Service, Submission, routing
from digitizer.settings import Settings, TargetOptions

CODE = "H60.127.03-260930-0012"
INTAKE = Intake(
    id="1",
    bundle="b" * 64,
    name="to-khai.pdf",
    agency="H60.127.03",
    dossier=CODE,
    actor="test",
    received_at=datetime(2026, 9, 30, tzinfo=UTC),
)


@contextmanager
def digitized(home: Path, *, result: str, **settings: Any) -> Iterator[tuple[Service, Transaction]]:
    """A service whose ledger holds INTAKE's bundle, finished with `result`."""
    with Service.open(Settings(home=home, **settings)) as service, service.context.ledger.begin() as tx:
        submissions.add_source(tx, INTAKE.bundle, "k", 1)
        submissions.add_bundle(tx, INTAKE.bundle, [INTAKE.bundle])
        submissions.move_bundle(tx, INTAKE.bundle, ["NEW"], "DONE", result=result)
        yield service, tx


@pytest.mark.parametrize(
    ("dossier", "result", "waits"),
    [(CODE, "ACCEPTED", False), (CODE, "UNSURE", True), (None, "ACCEPTED", True)],
    ids=["known and sure", "type not sure", "no dossier"],
)
def test_a_file_goes_by_itself_when_dossier_and_types_are_known(
    tmp_path: Path, dossier: str | None, result: str, waits: bool
) -> None:
    with digitized(tmp_path, result=result) as (service, tx):
        assert routing.waits_for_a_person(service.context, tx, replace(INTAKE, dossier=dossier)) is waits


def test_a_target_that_wants_approved_metadata_waits_for_a_person(tmp_path: Path) -> None:
    for folder in ("mappings", "secrets"):
        (tmp_path / folder).mkdir()
    generic = (Path(connectors.__file__).parent / "mappings" / "generic.toml").read_text(encoding="utf-8")
    (tmp_path / "mappings" / "careful.toml").write_text(f"after_approval = true\n{generic}", encoding="utf-8")
    (tmp_path / "secrets" / "careful.toml").write_text('client_id = "test"\nclient_secret = "test"', encoding="utf-8")
    targets = {"careful": TargetOptions(url="rest+https://a.example?mapping=careful", agencies="H60.127")}
    with digitized(tmp_path, result="ACCEPTED", targets=targets) as (service, tx):
        assert routing.target_of(service.context, tx, INTAKE) == "careful"
        assert routing.waits_for_a_person(service.context, tx, INTAKE)
        assert not routing.waits_for_a_person(service.context, tx, replace(INTAKE, agency="H60.128.01"))


def test_what_the_submission_says_comes_before_the_hint() -> None:
    given = Submission(actor="test", dossier=CODE)
    hint = RoutingHint(agency="H60.127.03", dossier="H60.127.03-260930-0099", component="KS", how="name")
    assert routing.completed(given, hint) == Submission(actor="test", agency="H60.127.03", dossier=CODE, component="KS")
