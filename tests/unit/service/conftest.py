"""A service of its own a test, and what indicators are counted from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from digitizer.ledger import outbox, submissions
from digitizer.ledger.outbox import NewDelivery
from digitizer.ledger.schema import event
from digitizer.model import Intake, IntakeState, Receipt
from digitizer.pace import Pace
from digitizer.service import Service
from digitizer.settings import Settings

SEPTEMBER = "2026-09"


def code(number: int, day: str = "260930", agency: str = "H60.127.03") -> str:
    return f"{agency}-{day}-{number:04}"


@pytest.fixture
def service(fresh_home: Path) -> Iterator[Service]:
    with Service.open(Settings(home=fresh_home)) as opened:
        yield opened


def attached(service: Service, number: int, component: str = "KS", at: str | None = None, **how: Any) -> str:
    """A file of a dossier that was delivered (or what `how` says); the id of its delivery."""
    dossier, kind = code(number), "attach_result" if component.startswith("KQ") else "attach"
    name = f"{number}-{component}"
    with service.context.ledger.begin() as tx:
        submissions.add_source(tx, name.ljust(64, "0"), "k", 1)
        submissions.add_bundle(tx, name.ljust(64, "0"), [name.ljust(64, "0")])
        intake = Intake(id=name, bundle=name.ljust(64, "0"), name="a.pdf", agency="H60.127.03", dossier=dossier,
                        component=component, actor="test", received_at=datetime.now(UTC))  # fmt: skip
        submissions.add_intake(tx, intake)
        submissions.move_intakes(tx, intake.bundle, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="test")
        if how.get("digitized_only"):
            return ""
        new = NewDelivery(kind=kind, target=dossier, order_key=dossier, key=name, intake=name, dossier=dossier)
        outbox.add(tx, new, actor="test")
        (due,) = outbox.claim(tx, dossier, pace=Pace(), lease_s=60, now=1e9)
        receipt = Receipt(delivery=due.id, dossier=dossier, external_id="X", at=datetime.now(UTC))
        if how.get("dead"):
            outbox.died(tx, due, {"code": how["dead"]}, actor="test")
        elif not how.get("pending"):
            outbox.delivered(tx, due, receipt, actor="test", seconds=1, now=1e9, handed=how.get("handed", False))
        if at:
            tx.execute(sa.update(event).where(event.c.subject == due.id).values(at=at))
    return due.id


def listing(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "danh sách.csv"
    text = "Mã hồ sơ;Mã đơn vị;Mã TTHC;Ngày tiếp nhận;Ngày giải quyết\n" + "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8-sig")
    return path
