"""Upload sessions: how long they stay open."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from digitizer.errors import Conflict
from digitizer.ledger.api_keys import Verb
from digitizer.model import Lane
from digitizer.service import AnnouncedUpload, Service
from digitizer.settings import ApiOptions, Settings


@pytest.mark.parametrize(("hours", "is_open"), [(1, True), (0, False)])
def test_a_session_takes_pages_for_its_hours_and_no_longer(tmp_path: Path, hours: int, is_open: bool) -> None:
    page = tmp_path / "1.pdf"
    page.write_bytes(b"%PDF-1.7 one")
    announced = [(hashlib.sha256(page.read_bytes()).hexdigest(), page.stat().st_size)]
    settings = Settings(home=tmp_path / "home", api=ApiOptions(session_hours=hours))
    with Service.open(settings) as service:
        key, _ = service.api_keys.add("motcua", agencies=["H60.127.03"], verbs=list(Verb), by="test")
        session = service.upload_sessions.open(
            key,
            agency="H60.127.03",
            dossier=None,
            lane=Lane.BULK,
            documents=[AnnouncedUpload(name="tờ khai", pages=announced)],
        )
        if is_open:
            service.upload_sessions.add_page(key, session.id, 1, 1, page)
            assert len(service.upload_sessions.complete(key, session.id)) == 1
        else:
            with pytest.raises(Conflict):
                service.upload_sessions.add_page(key, session.id, 1, 1, page)
            with pytest.raises(Conflict):
                service.upload_sessions.complete(key, session.id)
