"""What the hook asks of the ledger, on SQLite and on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from digitizer.errors import Conflict, NotFound, RepeatDiffers, TooMany
from digitizer.ledger import client_documents, submissions
from digitizer.ledger.api_keys import ApiKey, Verb
from digitizer.ledger.client_documents import Filter
from digitizer.model import IntakeState, Lane
from digitizer.service import AnnouncedUpload, Service, Submission
from digitizer.settings import Settings
from tests.servers import Servers

AGENCY, CODE = "H60.127.03", "H60.127.03-260930-0012"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    ledger = "sqlite:"
    if request.param == "postgresql":
        servers: Servers = request.getfixturevalue("servers")
        ledger = servers.postgres.url()
    with Service.open(Settings(home=tmp_path / "home", ledger=ledger)) as opened:
        yield opened


@pytest.fixture
def key(service: Service) -> ApiKey:
    return service.api_keys.add("motcua", agencies=[AGENCY], verbs=list(Verb), by="test", limits={"pages_per_day": 50})[0]


def file(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    path.write_bytes(b"%PDF-1.7 " + name.encode())
    return path


def submit(service: Service, key: ApiKey, path: Path, component: str | None = None, repeat: str | None = None) -> str:
    place = service.client_documents.placed(key, Submission(actor="", dossier=CODE, component=component))
    return service.client_documents.submit(key, [path], path.name, place, repeat=repeat)[0].id


def test_keys_are_found_rotated_and_revoked(service: Service) -> None:
    key, token = service.api_keys.add("motcua", agencies=[AGENCY], verbs=[Verb.READ], by="test", limits={"streams": 3})
    assert service.api_keys.authenticate(token) == replace(key, created_at=service.api_keys.authenticate(token).created_at)
    newer, _ = service.api_keys.rotate("motcua", by="test")
    assert newer.limits == {"streams": 3} and newer.verbs == (Verb.READ,)
    service.api_keys.revoke(key.id, by="test")
    assert service.api_keys.active({key.id, newer.id}) == {newer.id}
    with pytest.raises(NotFound):
        service.api_keys.revoke(key.id, by="test")


def test_a_rotated_key_ends_later_and_keys_of_other_clients_stay(service: Service) -> None:
    key, _ = service.api_keys.add("motcua", agencies=[AGENCY], verbs=[Verb.READ], by="test")
    other, _ = service.api_keys.add("so-hoa", agencies=["*"], verbs=list(Verb), by="test", limits={"streams": 9})
    newer, _ = service.api_keys.rotate("motcua", by="test")
    ends = {one.id: one.expires_at for one in service.api_keys.find()}
    assert ends[other.id] == other.expires_at and ends[newer.id] == newer.expires_at
    assert ends[key.id] == pytest.approx(time.time() + 86_400 * service.settings.api.overlap_days, abs=60)
    assert (newer.agencies, newer.verbs, newer.limits) == ((AGENCY,), (Verb.READ,), {})
    with pytest.raises(NotFound):
        service.api_keys.rotate("nobody", by="test")


def test_the_same_file_from_many_threads_is_one_document(service: Service, key: ApiKey, tmp_path: Path) -> None:
    path = file(tmp_path, "a.pdf")
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: submit(service, key, path, repeat="lan-1"), range(16)))
    assert len(set(ids)) == 1
    with pytest.raises(RepeatDiffers):
        submit(service, key, file(tmp_path, "b.pdf"), repeat="lan-1")
    with service.context.ledger.read() as tx:
        assert len(submissions.intakes(tx)) == 1, "nothing is left of what was refused"


def test_lists_pages_and_numbers(service: Service, key: ApiKey, tmp_path: Path) -> None:
    ids = [submit(service, key, file(tmp_path, f"{i}.pdf"), component=str(i)) for i in range(5)]
    with service.context.ledger.read() as tx:
        first = client_documents.listed(tx, key, Filter(dossier=CODE), limit=2)
        last = first[-1][0]
        rest = client_documents.listed(tx, key, Filter(dossier=CODE), limit=9, after=(last.received_at.isoformat(), last.id))
    assert [intake.id for intake, _ in first + rest] == ids[::-1]
    with service.context.ledger.begin() as tx:
        bundle = submissions.get_intake(tx, ids[0]).bundle
        known = submissions.sources_of(tx, bundle)[0]
        submissions.opened(tx, replace(known, media_type="application/pdf", pages=7, signed=False))
        for engine in ("one", "two"):
            submissions.save_page(tx, known.id, 3, engine, state="READ", texts=None, error=None)
        submissions.move_bundle(tx, bundle, ["NEW"], "FAILED", error={"code": "damaged_file", "facts": {}})
    with service.context.ledger.read() as tx:
        found = client_documents.progress(tx, ids)[ids[0]]
        assert (found.state, found.read, found.pages) == (IntakeState.RECEIVED, 1, 7)
        assert client_documents.pages_since(tx, key.actor, "2020") == 7 + 4
        assert client_documents.pages_read(tx) == {"READ": 2}
        assert client_documents.by_state(tx) == {"RECEIVED": 5}
        assert set(client_documents.oldest_waiting(tx)) == {"bulk"}
        assert client_documents.oldest_deliveries(tx) == {}
        other = replace(key, agencies=("H60.12",))
        assert client_documents.listed(tx, other, Filter(), limit=9) == [], "H60.12 does not cover H60.127"
    with service.context.ledger.begin() as tx:
        submissions.move_intakes(tx, bundle, [IntakeState.RECEIVED], IntakeState.FAILED, actor="w")
        assert submissions.failures(tx) == {"damaged_file": 1}


def test_a_key_that_has_used_up_its_pages_waits_and_leaves_nothing_behind(
    service: Service, key: ApiKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(key, limits={"pages_per_day": 1})
    monkeypatch.setattr("digitizer.service.client_documents.QUOTA_COUNTED_S", 0.0)
    submit(service, small, file(tmp_path, "a.pdf"))
    with pytest.raises(TooMany) as refused:
        submit(service, small, file(tmp_path, "b.pdf"))
    assert 0 < int(refused.value.facts["retry_after_s"]) <= 86_401
    with service.context.ledger.read() as tx:
        assert len(submissions.intakes(tx)) == 1


def test_work_nobody_wants_any_more_is_dropped_and_taken_up_again_when_somebody_does(
    service: Service, key: ApiKey, tmp_path: Path
) -> None:
    path = file(tmp_path, "a.pdf")
    one, two = submit(service, key, path, "a"), submit(service, key, path, "b")
    service.client_documents.cancel(key, one, reason="thử")
    assert service.status.now().jobs["QUEUED"] == 1, "the other still wants it"
    service.client_documents.cancel(key, two, reason="thử")
    assert service.status.now().jobs.get("QUEUED", 0) == 0
    submit(service, key, path, "c")
    assert service.status.now().jobs["QUEUED"] == 1
    with pytest.raises(Conflict):
        service.client_documents.process_again(key, submit(service, key, path, "c"), reason="thử")


def test_a_session_makes_its_documents_once(service: Service, key: ApiKey, tmp_path: Path) -> None:
    import hashlib

    paths = [file(tmp_path, "1.pdf"), file(tmp_path, "2.pdf")]
    pages = [(hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size) for path in paths]
    session = service.upload_sessions.open(
        key, agency=None, dossier=CODE, lane=Lane.COUNTER, documents=[AnnouncedUpload(name="tờ khai", pages=pages)]
    )
    service.upload_sessions.add_page(key, session.id, 1, 2, paths[1])
    with pytest.raises(Conflict) as early:
        service.upload_sessions.complete(key, session.id)
    assert early.value.facts == {"missing": 1, "document": 1, "page": 1}
    service.upload_sessions.add_page(key, session.id, 1, 1, paths[0])
    made = service.upload_sessions.complete(key, session.id)
    assert list(made.values()) == [True] and service.upload_sessions.complete(key, session.id) == dict.fromkeys(made, False)
    whole = service.client_documents.document(key, next(iter(made)))
    assert [source.id for source in whole.sources] == [sha256 for sha256, _ in pages]
    assert service.recovery.sweep()["jobs"] == 0
