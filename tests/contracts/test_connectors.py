"""What every connector promises, whatever dossier system is behind it."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, date
from pathlib import Path

import pytest

from digitizer.connectors import (
    AddsRegisterCases,
    Attaches,
    AttachesResults,
    Connector,
    Delivery,
    Finds,
    Flushes,
    HandsOver,
    ListsDossiers,
    UpdatesFields,
    open_connector,
)
from digitizer.connectors.folder import FolderConnector
from digitizer.errors import AttachRefused, ConfigError, ConnectorDown, DossierNotFound, FileAccess, UsageError
from digitizer.signed_folders import KeyRing, check, unpack
from tests.dossier_server import running

CODE = "H60.127.03-260930-0012"
Opened = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def a_dossier_system(folder: Path, mapping: str = "generic") -> Iterator[str]:
    """The reference server with one dossier, and its URL."""
    write_secrets(folder / "home", mapping)
    with running() as server:
        server.database.add_dossier(CODE, components=["KS"])
        yield f"rest+{server.url}?mapping={mapping}"


def write_secrets(home: Path, name: str) -> None:
    (home / "secrets").mkdir(parents=True, exist_ok=True)
    (home / "secrets" / f"{name}.toml").write_text('client_id = "test-client"\nclient_secret = "test-secret"\n')


@contextmanager
def with_a_key(folder: Path) -> Iterator[str]:
    KeyRing(folder / "home").init()
    yield "handover:"


#: adapter -> the URL of a dossier system that knows CODE
ADAPTERS: dict[str, Opened] = {
    "folder": lambda folder: nullcontext("folder:"),
    "folder with a path": lambda folder: nullcontext((folder / "hồ sơ").as_uri().replace("file:", "folder:")),
    "rest": a_dossier_system,
    "moj": lambda folder: nullcontext("moj:"),
    "handover": with_a_key,
}


@pytest.fixture(params=ADAPTERS)
def connector(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connector]:
    with ADAPTERS[request.param](tmp_path) as url:
        opened = open_connector(url, tmp_path / "home")
        yield opened
        opened.close()


def delivery(tmp_path: Path, content: bytes = b"%PDF-1.7 ...", name: str = "Giấy khai sinh (bản sao).pdf") -> Delivery:
    path = tmp_path / f"{hashlib.sha256(content).hexdigest()[:8]}.pdf"
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return Delivery(id=f"d-{sha256[:8]}", key=f"attach/{CODE}/KS/{sha256}", dossier=CODE, component="KS", agency="H60.127.03",
                    name=name, media_type="application/pdf", sha256=sha256, path=path)  # fmt: skip


def needs(connector: Connector, protocol: type) -> None:
    if not isinstance(connector, protocol):
        pytest.skip(f"no connector that {protocol.__name__}")


def case(tmp_path: Path, number: int = 15, **changes: object) -> Delivery:
    """A registration case for a book."""
    content = b"%PDF-1.7 case " + str(number).encode()
    values = {"so": f"{number}/1999", "quyenSo": "01/1999", "ngayDangKy": "1999-11-19", "nksHoTen": "NGUYỄN THỊ HOÀ",
              "nksGioiTinh": "nữ", "nksNgaySinh": "1999-11", "nksSoDinhDanh": "008199001234", **changes}  # fmt: skip
    fields = {"book": "KS/1999/01", "doctype": "birth_register", "record": f"b/{number}", "revision": 1, "values": values}
    one = replace(delivery(tmp_path, content), dossier="KS/1999/01", component=None, fields=fields)
    return replace(one, key=f"import_package/_/KS/1999/01/b/{number}/1", id=f"c{number}")


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


#: adapter -> what its connector can do
ABLE = {
    "folder": {Attaches, AttachesResults, UpdatesFields},
    "folder with a path": {Attaches, AttachesResults, UpdatesFields},
    "rest": {Attaches, AttachesResults, UpdatesFields, Finds, ListsDossiers},
    "moj": {AddsRegisterCases, Flushes},
    "handover": {Attaches, AttachesResults, UpdatesFields, HandsOver},
}
PROTOCOLS = (Attaches, AttachesResults, UpdatesFields, AddsRegisterCases, Finds, ListsDossiers, Flushes, HandsOver)


def test_a_connector_has_the_methods_of_what_it_can_do_and_no_others(
    connector: Connector, request: pytest.FixtureRequest
) -> None:
    adapter = request.node.callspec.params["connector"]
    assert {protocol for protocol in PROTOCOLS if isinstance(connector, protocol)} == ABLE[adapter]
    assert connector.entered_by_hand == (adapter == "handover")
    assert not connector.after_approval


def test_a_mapping_says_what_its_system_can_do(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "small.toml").write_text('[find]\npath = "/d/{dossier}"\n[auth]\nkind = "none"\n', encoding="utf-8")
    connector = open_connector("rest+https://mot-cua.example.gov.vn?mapping=small", tmp_path)
    assert {protocol for protocol in PROTOCOLS if isinstance(connector, protocol)} == {Finds}
    connector.close()


def test_a_declared_search_finds_its_dossiers(connector: Connector) -> None:
    if isinstance(connector, Finds):
        assert connector.find(CODE).components == ("KS",)
        with pytest.raises(DossierNotFound):
            connector.find("H60.127.03-260930-9999")
    if isinstance(connector, ListsDossiers):
        assert [d.code for d in connector.list_dossiers(date(2026, 9, 1), date(2026, 9, 30))] == [CODE]
        assert list(connector.list_dossiers(date(2025, 9, 1), date(2025, 9, 30))) == []


def test_an_attachment_gets_a_receipt(connector: Connector, tmp_path: Path) -> None:
    needs(connector, Attaches)
    receipt = connector.attach(delivery(tmp_path))
    assert receipt.dossier == CODE
    assert receipt.delivery == delivery(tmp_path).id
    assert receipt.external_id
    assert receipt.at.tzinfo == UTC


def test_a_repeat_gets_the_same_receipt(connector: Connector, tmp_path: Path) -> None:
    needs(connector, Attaches)
    assert connector.attach(delivery(tmp_path)) == connector.attach(delivery(tmp_path))


def test_two_files_of_one_name_are_both_kept(connector: Connector, tmp_path: Path) -> None:
    needs(connector, Attaches)
    first, second = delivery(tmp_path), delivery(tmp_path, b"%PDF-1.7 another")
    assert connector.attach(first).external_id != connector.attach(second).external_id
    assert connector.attach(first) == connector.attach(first)


def test_a_case_gets_a_receipt_and_a_repeat_the_same(connector: Connector, tmp_path: Path) -> None:
    needs(connector, AddsRegisterCases)
    first = connector.add_register_case(case(tmp_path))
    assert connector.add_register_case(case(tmp_path)) == first
    assert connector.add_register_case(case(tmp_path, 16)).external_id != first.external_id


def test_approved_values_get_a_receipt_too(connector: Connector, tmp_path: Path) -> None:
    needs(connector, UpdatesFields)
    approved = replace(delivery(tmp_path), key="update_fields/r1/1", fields={"nksHoTen": "NGUYỄN THỊ ƯỢNG", "ghiChu": ["a", "b"]})
    assert connector.update_fields(approved) == connector.update_fields(approved)


@pytest.mark.parametrize("code", ["../other", "..", "/etc", "a/b", "a\\b", "", ".hidden", "C:", "x\0y", "NUL"])
def test_no_code_leads_out_of_the_dossier(connector: Connector, tmp_path: Path, code: str) -> None:
    needs(connector, Attaches)
    with pytest.raises((AttachRefused, DossierNotFound)):
        connector.attach(replace(delivery(tmp_path), dossier=code))
    if code and isinstance(connector, FolderConnector):  # no component at all is fine
        with pytest.raises(AttachRefused):
            connector.attach(replace(delivery(tmp_path), component=code))


def test_an_unknown_scheme_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        open_connector("fax:", tmp_path)


# --- what is particular to `folder:` ---------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Connector:
    return open_connector("folder:", tmp_path)


def test_the_file_lies_under_its_component(folder: Connector, tmp_path: Path) -> None:
    receipt = folder.attach(delivery(tmp_path))
    assert receipt.external_id == f"{CODE}/KS/Giấy khai sinh (bản sao).pdf"
    assert (tmp_path / "dossiers" / receipt.external_id).read_bytes() == b"%PDF-1.7 ..."
    assert len(files(tmp_path / "dossiers")) == 2


def test_a_file_without_a_component_lies_under_an_underscore(folder: Connector, tmp_path: Path) -> None:
    assert folder.attach(replace(delivery(tmp_path), component=None)).external_id.startswith(f"{CODE}/_/")


def test_the_receipt_names_file_hash_and_time(folder: Connector, tmp_path: Path) -> None:
    receipt = folder.attach(delivery(tmp_path))
    (written,) = (tmp_path / "dossiers" / CODE / "receipts").iterdir()
    known = json.loads(written.read_text(encoding="utf-8"))
    assert known["external_id"] == receipt.external_id
    assert known["sha256"] == delivery(tmp_path).sha256
    assert known["at"] == receipt.at.isoformat()


def test_a_repeat_writes_nothing(folder: Connector, tmp_path: Path) -> None:
    folder.attach(delivery(tmp_path))
    before = {name: (tmp_path / "dossiers" / name).stat().st_mtime_ns for name in files(tmp_path / "dossiers")}
    folder.attach(delivery(tmp_path))
    assert {name: (tmp_path / "dossiers" / name).stat().st_mtime_ns for name in files(tmp_path / "dossiers")} == before


def test_a_crash_before_the_receipt_does_not_attach_twice(folder: Connector, tmp_path: Path) -> None:
    first = folder.attach(delivery(tmp_path))
    for receipt in (tmp_path / "dossiers" / CODE / "receipts").iterdir():
        receipt.unlink()
    assert folder.attach(delivery(tmp_path)).external_id == first.external_id
    assert len(files(tmp_path / "dossiers" / CODE / "KS")) == 1


def test_another_file_under_a_used_name_gets_a_number(folder: Connector, tmp_path: Path) -> None:
    folder.attach(delivery(tmp_path, name="a.pdf"))
    folder.attach(delivery(tmp_path, b"%PDF-1.7 another", name="a.pdf"))
    assert files(tmp_path / "dossiers" / CODE / "KS") == ["a (2).pdf", "a.pdf"]


@pytest.mark.parametrize(
    ("name", "written"),
    [("../../a.pdf", "_.._.._a.pdf"), ("a/b.pdf", "a_b.pdf"), ('q?"*.pdf', "q___.pdf"), ("", "_"), (".pdf", "_.pdf"),
     ("con.pdf", "_con.pdf"), ("Nguye\u0302\u0303n.pdf", "Nguyễn.pdf"), ("ế" * 100 + ".pdf", "ế" * 65 + ".pdf")],
)  # fmt: skip
def test_a_file_name_is_made_harmless(folder: Connector, tmp_path: Path, name: str, written: str) -> None:
    assert folder.attach(delivery(tmp_path, name=name)).external_id == f"{CODE}/KS/{written}"


@pytest.mark.parametrize("component", ["receipts", "Records"])
def test_a_component_cannot_pose_as_a_receipt(folder: Connector, tmp_path: Path, component: str) -> None:
    with pytest.raises(AttachRefused):
        folder.attach(replace(delivery(tmp_path), component=component))


def test_a_disk_that_lies_is_noticed(folder: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectorDown) as caught:
        folder.attach(replace(delivery(tmp_path), sha256="0" * 64))
    assert caught.value.retry
    assert files(tmp_path / "dossiers") == []


def test_a_disk_that_fails_leaves_no_half_file(folder: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConnectorDown):
        folder.attach(delivery(tmp_path))
    assert files(tmp_path / "dossiers") == []


def test_every_file_of_a_dossier_is_on_the_disk_before_the_receipt_is_given(
    folder: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[int, list[str]]] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            synced.append((status.st_ino, sorted(os.listdir(handle))))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    folder.attach(delivery(tmp_path, name="a.pdf"))
    component, receipts = (tmp_path / "dossiers" / CODE / name for name in ("KS", "receipts"))
    assert synced == [
        (component.stat().st_ino, ["a.pdf"]),
        (receipts.stat().st_ino, [path.name for path in receipts.iterdir()]),
    ]


def test_a_missing_file_is_not_the_dossier_systems_fault(folder: Connector, tmp_path: Path) -> None:
    with pytest.raises(FileAccess):
        folder.attach(replace(delivery(tmp_path), path=tmp_path / "gone.pdf"))


def test_a_later_revision_replaces_the_values(folder: Connector, tmp_path: Path) -> None:
    for revision, name in ((1, "NGUYÊN THỊ ƯỢNG"), (2, "NGUYỄN THỊ ƯỢNG")):
        folder.update_fields(
            replace(delivery(tmp_path), name="intake/1/2", key=f"update_fields/r/{revision}", fields={"nksHoTen": name})
        )
    written = tmp_path / "dossiers" / CODE / "records" / "intake_1_2.json"
    assert json.loads(written.read_text(encoding="utf-8")) == {"nksHoTen": "NGUYỄN THỊ ƯỢNG"}


# --- what is particular to `handover:` --------------------------------------------------------------------------------


def test_every_dossier_handed_over_is_sealed(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path / "home")
    keys.init()
    connector = open_connector("handover:", tmp_path / "home")
    for content in (b"%PDF one", b"%PDF two"):
        receipt = connector.attach(delivery(tmp_path, content))
    manifest = check(tmp_path / "home" / "handover" / CODE, keys)
    assert receipt.external_id.partition("/")[2] in {file.path for file in manifest.files}
    assert len(manifest.files) == 4, "two files and two receipts"


def test_a_package_of_many_dossiers_opens_at_the_other_end(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path / "home")
    (tmp_path / "k.pem").write_text(keys.init().pem)
    connector = open_connector("handover:", tmp_path / "home")
    assert isinstance(connector, HandsOver)
    receipt = connector.attach(delivery(tmp_path))
    row = {"dossier": CODE, "component": "KS", "file": receipt.external_id, "reason": "no_attach_function", "at": receipt.at}
    connector.package(tmp_path / "p.zip", [row])
    other = KeyRing(tmp_path / "other")
    other.trust(tmp_path / "k.pem", "xa")
    unpack(tmp_path / "p.zip", tmp_path / "out", other)
    assert check(tmp_path / "out" / CODE, other).facts == {"dossier": CODE}
    assert CODE in (tmp_path / "out" / "index.csv").read_text(encoding="utf-8-sig")
    with pytest.raises(UsageError):
        connector.package(tmp_path / "q.zip", [])


def test_without_a_key_nothing_is_handed_over(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="keys init"):
        open_connector("handover:", tmp_path).attach(delivery(tmp_path))
    assert not (tmp_path / "handover").exists()
