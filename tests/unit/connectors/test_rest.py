"""`rest+https:` against the reference server in every single mood, and its mappings and credentials."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from digitizer.connectors import Connector, Delivery, open_connector
from digitizer.connectors._mapping import load
from digitizer.errors import (
    AttachRefused,
    ConfigError,
    ConnectorBusy,
    ConnectorDown,
    ConnectorLogin,
    DossierNotFound,
    ReadBackDiffers,
)
from tests.dossier_server import GOOD, DossierServer, Mood, running

CODE = "H60.127.03-260930-0012"


@pytest.fixture
def server() -> Iterator[DossierServer]:
    with running() as started:
        started.database.add_dossier(CODE, components=["KS"])
        yield started


def own_mapping(home: Path, name: str = "generic", **changes: Any) -> None:
    """A mapping of the operator's own: ours with some lines changed."""
    text = Path(f"digitizer/connectors/mappings/{name}.toml").read_text(encoding="utf-8")
    for old, new in changes.get("lines", {}).items():
        assert old in text
        text = text.replace(old, new)
    (home / "mappings").mkdir(parents=True, exist_ok=True)
    (home / "mappings" / f"{name}.toml").write_text(text, encoding="utf-8")


def connect(server: DossierServer, home: Path, mapping: str = "generic", secrets: str | None = None) -> Connector:
    (home / "secrets").mkdir(parents=True, exist_ok=True)
    text = 'client_id = "test-client"\nclient_secret = "test-secret"' if secrets is None else secrets
    (home / "secrets" / f"{mapping}.toml").write_text(text)
    return opened(f"rest+{server.url}?mapping={mapping}", home)


OPEN: list[Connector] = []


def opened(url: str, home: Path) -> Connector:
    OPEN.append(open_connector(url, home))
    return OPEN[-1]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def delivery(tmp_path: Path, content: bytes = b"%PDF-1.7 " + b"x" * 3000, **changes: Any) -> Delivery:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    one = Delivery(id=sha256[:32], key=f"attach/{CODE}/KS/{sha256}", dossier=CODE, component="KS", agency="H60.127.03",
                   name="Giấy khai sinh.pdf", media_type="application/pdf", sha256=sha256, path=path, number=21)  # fmt: skip
    return replace(one, **changes)


def persist(connector: Connector, one: Delivery, tries: int = 200) -> Any:
    """Attaches as the outbox does: again and again."""
    for attempt in range(tries):
        try:
            return connector.attach(replace(one, repeat=attempt > 0))
        except ConnectorDown:
            time.sleep(0.005)
    raise AssertionError("never attached")


def test_the_file_arrives_under_its_component_with_its_name(server: DossierServer, tmp_path: Path) -> None:
    one = delivery(tmp_path)
    receipt = connect(server, tmp_path).attach(one)
    (kept,) = server.database.rows("SELECT * FROM attachment")
    assert (kept["component"], kept["name"], kept["kind"]) == ("KS", one.name, "component")
    assert bytes(kept["content"]) == one.path.read_bytes()
    assert receipt.external_id == str(kept["id"])
    assert receipt.at == datetime.fromisoformat(kept["created_at"])


def test_a_result_is_a_result(server: DossierServer, tmp_path: Path) -> None:
    connect(server, tmp_path).attach_result(delivery(tmp_path, component="KQ"))
    assert server.database.rows("SELECT kind FROM attachment") == [{"kind": "result"}]


def test_no_address_or_header_carries_more_than_codes_and_hashes(server: DossierServer, tmp_path: Path) -> None:
    connect(server, tmp_path).attach(delivery(tmp_path))
    assert all("khai" not in request.lower() for request in server.requests)


@pytest.mark.slow
@pytest.mark.parametrize(
    "mood",
    [Mood(reset=0.5), Mood(lost_answer=0.5), Mood(duplicate=1.0), Mood(corrupt=0.5), Mood(wrong_read_back=0.5), Mood(html=0.5),
     Mood(expire=0.5), Mood(throttle=0.5, retry_after_s=0), Mood(storm=0.3, storm_s=0.01), Mood(slow=0.5, slow_s=0.6),
     Mood(drip=0.5, drip_s=2)],
    ids=lambda mood: next(name for name in mood.__dataclass_fields__ if getattr(mood, name) != getattr(GOOD, name)),
)  # fmt: skip
def test_every_misery_ends_with_one_attachment_and_one_receipt(server: DossierServer, tmp_path: Path, mood: Mood) -> None:
    own_mapping(tmp_path, lines={"timeout_s = 60": "timeout_s = 0.4"})
    connector = connect(server, tmp_path)
    server.mood = mood
    for number in range(4):
        one = delivery(tmp_path, b"%PDF" + bytes([number]) * 3000)
        receipt = persist(connector, one)
        server.mood = GOOD
        (kept,) = server.database.attachments(CODE, sha256=one.sha256)
        assert receipt.external_id == str(kept["id"])
        assert persist(connector, replace(one, repeat=True)) == receipt
        server.mood = mood
    assert len(server.database.attachments(CODE)) == 4, "nothing twice, nothing cut short is left"
    assert server.happened, "the mood was never felt"


def test_a_server_that_forgets_keys_is_asked_before_a_repeat(server: DossierServer, tmp_path: Path) -> None:
    own_mapping(tmp_path, lines={"idempotent = true": "idempotent = false", "?key={delivery}": "?sha256={sha256}"})
    connector = connect(server, tmp_path)
    server.mood = Mood(forgetful=True, lost_answer=0.4)
    persist(connector, delivery(tmp_path))
    assert len(server.database.attachments(CODE)) == 1


@pytest.mark.parametrize(("status", "error"), [(404, DossierNotFound), (422, AttachRefused)])
def test_a_no_is_final(server: DossierServer, tmp_path: Path, status: int, error: type[Exception]) -> None:
    changed = {"dossier": "H60.127.03-260930-9999"} if status == 404 else {"component": "CẤM"}
    with pytest.raises(error) as caught:
        connect(server, tmp_path).attach(delivery(tmp_path, **changed))
    assert not caught.value.retry  # type: ignore[attr-defined]
    assert caught.value.facts == {"status": status}  # type: ignore[attr-defined]


def test_a_busy_server_says_when_to_come_back(server: DossierServer, tmp_path: Path) -> None:
    connector = connect(server, tmp_path)
    server.mood = Mood(throttle=1.0, retry_after_s=7)
    with pytest.raises(ConnectorBusy) as caught:
        connector.attach(delivery(tmp_path))
    assert caught.value.retry_after_s == 7


def test_a_dead_server_is_down(tmp_path: Path) -> None:
    with running() as server:
        connector = connect(server, tmp_path)
    with pytest.raises(ConnectorDown):
        connector.attach(delivery(tmp_path))


def test_read_back_that_never_fits_is_no_receipt(server: DossierServer, tmp_path: Path) -> None:
    connector = connect(server, tmp_path)
    server.mood = Mood(corrupt=1.0)
    with pytest.raises(ReadBackDiffers):
        connector.attach(delivery(tmp_path))
    assert server.database.attachments(CODE) == [], "what is cut short does not stay"


# --- large files ------------------------------------------------------------------------------------------------------

SMALL_PIECES = {"above_bytes = 8_000_000": "above_bytes = 1000", "chunk_bytes = 4_000_000": "chunk_bytes = 1000"}


def test_a_large_upload_resumes_where_it_was_cut_off(server: DossierServer, tmp_path: Path) -> None:
    own_mapping(tmp_path, lines=SMALL_PIECES)
    connector, kept = connect(server, tmp_path), dict[str, Any]()
    one = delivery(tmp_path, bytes(range(256)) * 40, keep=lambda progress: (kept.clear(), kept.update(progress)))
    tries = 0
    server.mood = Mood(lost_answer=0.25, duplicate=0.2, corrupt=0.3, html=0.1)
    while True:
        tries += 1
        try:
            receipt = connector.attach(replace(one, repeat=tries > 1, progress=kept))
            break
        except ConnectorDown:
            assert tries < 60
    server.mood = GOOD
    assert tries > 1
    (there,) = server.database.attachments(CODE)
    assert (there["sha256"], str(there["id"])) == (one.sha256, receipt.external_id)


def test_no_piece_is_sent_twice(server: DossierServer, tmp_path: Path) -> None:
    own_mapping(tmp_path, lines=SMALL_PIECES)
    connector, kept = connect(server, tmp_path), dict[str, Any]()
    one = delivery(tmp_path, bytes(range(256)) * 40, keep=lambda progress: (kept.clear(), kept.update(progress)))
    server.mood = Mood(throttle=0.3, retry_after_s=0)
    for attempt in range(200):
        try:
            connector.attach(replace(one, repeat=attempt > 0, progress=kept))
            break
        except ConnectorDown:
            pass
    pieces = sum(request.startswith("PATCH") for request in server.requests)
    assert pieces <= 11 + server.happened["throttle"]


def test_an_upload_the_server_forgot_begins_anew(server: DossierServer, tmp_path: Path) -> None:
    own_mapping(tmp_path, lines=SMALL_PIECES)
    one = delivery(tmp_path, progress={"location": "/api/uploads/999"}, repeat=True)
    connect(server, tmp_path).attach(one)
    assert server.database.attachments(CODE)[0]["sha256"] == one.sha256


# --- credentials and addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secrets",
    ['kind = "api_key"\nkey = "test-key"', 'kind = "basic"\nuser = "test-client"\npassword = "test-secret"',
     'client_id = "test-client"\nclient_secret = "test-secret"'],
)  # fmt: skip
def test_the_usual_credentials_work(server: DossierServer, tmp_path: Path, secrets: str) -> None:
    one = delivery(tmp_path)
    receipt = connect(server, tmp_path, secrets=secrets).attach(one)
    (kept,) = server.database.attachments(CODE)
    assert (receipt.external_id, kept["sha256"]) == (str(kept["id"]), one.sha256)


@pytest.mark.parametrize("secrets", ['kind = "api_key"\nkey = "wrong"', 'client_id = "test-client"\nclient_secret = "wrong"'])
def test_wrong_credentials_are_named_and_tried_again_later(server: DossierServer, tmp_path: Path, secrets: str) -> None:
    with pytest.raises(ConnectorLogin) as caught:
        connect(server, tmp_path, secrets=secrets).attach(delivery(tmp_path))
    assert caught.value.retry


def test_a_token_is_asked_for_once_while_it_lives(server: DossierServer, tmp_path: Path) -> None:
    connector = connect(server, tmp_path)
    for number in range(3):
        connector.attach(delivery(tmp_path, bytes([number])))
    assert server.requests.count("POST /oauth/token") == 1


@pytest.mark.parametrize("secrets", ["", 'kind = "carrier pigeon"', "not = toml ="])
def test_missing_credentials_are_a_matter_of_configuration(server: DossierServer, tmp_path: Path, secrets: str) -> None:
    with pytest.raises(ConfigError):
        connect(server, tmp_path, secrets=secrets)


@pytest.mark.parametrize(
    "url",
    ["rest+http://mot-cua.example.vn", "rest+https://user:pass@example.vn", "rest+ftp://example.vn", "rest:", "rest+https://",
     "rest+https://example.vn?mapping=nobody", "rest+https://example.vn?mapping=../secrets/x"],
)  # fmt: skip
def test_an_address_that_cannot_be_right_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError):
        open_connector(url, tmp_path)


@pytest.mark.slow
def test_a_server_whose_certificate_nobody_vouches_for_is_down(tmp_path: Path) -> None:
    import ssl
    import threading
    from http.server import HTTPServer, SimpleHTTPRequestHandler

    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key.pem"),
               "-out", str(tmp_path / "cert.pem"), "-days", "2", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(tmp_path / "cert.pem")
    served = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    served.handle_error = lambda *_: None  # type: ignore[method-assign]
    served.socket = context.wrap_socket(served.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    (tmp_path / "secrets").mkdir()
    url = f"rest+https://localhost:{served.server_address[1]}"
    trusts, shows = 'ca = "../cert.pem"\n', 'certificate = "../cert.pem"\ncertificate_key = "../key.pem"\n'
    try:
        for secrets, error in (("", ConnectorDown), (trusts, ConnectorDown), (trusts + shows, DossierNotFound)):
            (tmp_path / "secrets" / "generic.toml").write_text('kind = "api_key"\nkey = "k"\n' + secrets)
            with pytest.raises(error):
                opened(url, tmp_path).find(CODE)
    finally:
        served.shutdown()
        served.server_close()
        thread.join()


# --- mappings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [('base = "/api"', 'base = "/api"\ncolour = "red"'), ('body = "multipart"', 'body = "parchment"'),
     ("component = \"{component}\"", "component = \"{citizen}\""),
     ('path = "/dossiers/{dossier}"', 'path = "/dossiers/{dossier"'),
     ('path = "/dossiers/{dossier}"', 'way = "/dossiers/{dossier}"')],
)  # fmt: skip
def test_a_wrong_mapping_refuses_to_start(tmp_path: Path, old: str, new: str) -> None:
    own_mapping(tmp_path, lines={old: new})
    with pytest.raises(ConfigError):
        load("generic", tmp_path)


APPROVED = {"doctype": "birth_extract", "title": "Trích lục khai sinh", "pages": 2, "doc_number": "15",
            "notation": "TLKS-BS", "issued": "2026-09-30", "organ": "UBND xã Minh Thanh",
            "subject": "Trích lục khai sinh", "confidence": "0.98"}  # fmt: skip


def test_the_national_document_interface_gets_its_metadata_codes(server: DossierServer, tmp_path: Path) -> None:
    connector = connect(server, tmp_path, "cv7197")
    one = delivery(tmp_path, metadata=APPROVED)
    receipt = connector.attach(one)
    assert receipt.external_id == "H60.127.03_KS_000021_V1"
    assert connector.attach(replace(one, repeat=True)) == receipt
    (kept,) = server.database.rows("SELECT fields FROM attachment")
    assert json.loads(kept["fields"]) == {
        "DocCode": "H60.127.03_KS_000021_V1", "TypeName": "Trích lục khai sinh", "CodeNumber": "15", "CodeNotation": "TLKS-BS",
        "IssuedDate": "2026-09-30", "OrganName": "UBND xã Minh Thanh", "Subject": "Trích lục khai sinh", "Language": "Tiếng Việt",
        "PageAmount": "2", "ConfidenceLevel": "0.98", "Format": "PDF/A"}  # fmt: skip


def test_without_approved_metadata_the_national_interface_gets_nothing(server: DossierServer, tmp_path: Path) -> None:
    connector = connect(server, tmp_path, "cv7197")
    assert connector.after_approval
    with pytest.raises(AttachRefused) as caught:
        connector.attach(delivery(tmp_path, metadata={**APPROVED, "issued": None}))
    assert caught.value.facts == {"missing": "IssuedDate"}


def test_the_list_of_dossiers_comes_page_by_page(server: DossierServer, tmp_path: Path) -> None:
    for number in range(250):
        server.database.add_dossier(f"H60.127.03-261001-{number:04}", received_on="2026-10-01", resolved_on="2026-10-05")
    found = list(connect(server, tmp_path).list_dossiers(date(2026, 10, 1), date(2026, 10, 31)))
    assert len({d.code for d in found}) == len(found) == 250
    assert (found[0].procedure, found[0].resolved_on) == ("1.001193", date(2026, 10, 5))
