"""Seals: what was sealed comes back exactly, anything else is refused by name."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from digitizer.errors import ConfigError, FileAccess, SealBroken, SealUntrusted, UsageError
from digitizer.signed_folders import KeyRing, check, pack, seal, unpack


@pytest.fixture
def sender(tmp_path: Path) -> KeyRing:
    keys = KeyRing(tmp_path / "sender")
    keys.init()
    return keys


@pytest.fixture
def receiver(tmp_path: Path, sender: KeyRing) -> KeyRing:
    keys = KeyRing(tmp_path / "receiver")
    pem = tmp_path / "sender.pem"
    pem.write_text(sender.own().pem)
    keys.trust(pem, "H60.127.03")
    return keys


@pytest.fixture
def folder(tmp_path: Path, sender: KeyRing) -> Path:
    folder = tmp_path / "gói"
    (folder / "hồ sơ").mkdir(parents=True)
    (folder / "hồ sơ" / "Giấy khai sinh.pdf").write_bytes(b"%PDF-1.7 ...")
    (folder / "index.json").write_text("{}")
    seal(folder, key=sender.own(), kind="handover", facts={"dossiers": 1})
    return folder


def test_a_sealed_folder_is_what_was_sealed(folder: Path, sender: KeyRing, receiver: KeyRing) -> None:
    manifest = check(folder, receiver)
    assert [file.path for file in manifest.files] == ["hồ sơ/Giấy khai sinh.pdf", "index.json"]
    assert (manifest.kind, manifest.facts, manifest.signer) == ("handover", {"dossiers": 1}, sender.own().fingerprint)
    assert check(folder, sender) == manifest, "our own seal is trusted"


def test_a_stranger_s_seal_is_refused(folder: Path, tmp_path: Path, sender: KeyRing) -> None:
    with pytest.raises(SealUntrusted) as caught:
        check(folder, KeyRing(tmp_path / "nobody"))
    assert caught.value.facts["fingerprint"] == sender.own().fingerprint


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda f: (f / "index.json").write_text("[]"), "index.json"),
        (lambda f: (f / "index.json").unlink(), "index.json"),
        (lambda f: (f / "extra.exe").write_bytes(b"MZ"), "extra.exe"),
        (lambda f: (f / "manifest.json").write_bytes((f / "manifest.json").read_bytes().replace(b"handover", b"package")), ""),
        (lambda f: (f / "manifest.sig").write_bytes(b"0" * 64), ""),
        (lambda f: (f / "manifest.sig").unlink(), "gói"),
        (lambda f: (f / "manifest.json").write_text("not json"), ""),
    ],
)
def test_whatever_was_changed_is_noticed(folder: Path, receiver: KeyRing, change: object, named: str) -> None:
    change(folder)  # type: ignore[operator]
    with pytest.raises(SealBroken) as caught:
        check(folder, receiver)
    assert caught.value.facts.get("file", "") == named


def test_a_link_is_never_sealed(folder: Path, sender: KeyRing) -> None:
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(FileAccess):
        seal(folder, key=sender.own(), kind="handover")


def test_a_package_unpacks_to_what_was_sealed(folder: Path, tmp_path: Path, receiver: KeyRing) -> None:
    pack(folder, tmp_path / "p.zip")
    manifest = unpack(tmp_path / "p.zip", tmp_path / "out", receiver)
    assert check(tmp_path / "out", receiver) == manifest
    assert (tmp_path / "out" / "hồ sơ" / "Giấy khai sinh.pdf").read_bytes() == b"%PDF-1.7 ..."


def rewritten(source: Path, target: Path, **changes: bytes | None) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in {*old.namelist(), *changes}:
            data = changes.get(name, old.read(name) if name in old.namelist() else None)
            if data is not None:
                new.writestr(name, data)
    return target


@pytest.mark.parametrize(
    "changes",
    [{"index.json": b"{" * 1000}, {"index.json": b"[]"}, {"index.json": None}, {"manifest.sig": None}, {"../evil": b"x"}],
)
def test_a_changed_package_is_refused(folder: Path, tmp_path: Path, receiver: KeyRing, changes: dict[str, bytes | None]) -> None:
    pack(folder, tmp_path / "p.zip")
    with pytest.raises(SealBroken):
        unpack(rewritten(tmp_path / "p.zip", tmp_path / "q.zip", **changes), tmp_path / "out", receiver)
    assert not (tmp_path / "evil").exists()


def test_a_trusted_sender_cannot_write_outside_the_folder(
    folder: Path, tmp_path: Path, sender: KeyRing, receiver: KeyRing
) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][1]["path"] = "../../index.json"
    data = json.dumps(manifest).encode()
    pack(folder, tmp_path / "p.zip")
    signed = {"manifest.json": data, "manifest.sig": sender.own().sign(data), "../../index.json": b"{}"}
    with pytest.raises(SealBroken):
        unpack(rewritten(tmp_path / "p.zip", tmp_path / "q.zip", **signed), tmp_path / "a" / "b" / "out", receiver)
    assert not (tmp_path / "a" / "index.json").exists()


@pytest.mark.parametrize("cut", [0, 10, 500])
def test_a_package_cut_short_is_refused(folder: Path, tmp_path: Path, receiver: KeyRing, cut: int) -> None:
    pack(folder, tmp_path / "p.zip")
    (tmp_path / "q.zip").write_bytes((tmp_path / "p.zip").read_bytes()[:cut])
    with pytest.raises(SealBroken):
        unpack(tmp_path / "q.zip", tmp_path / "out", receiver)


def test_the_signing_key_is_made_once_and_readable_by_its_owner_alone(sender: KeyRing) -> None:
    with pytest.raises(UsageError):
        sender.init()
    if os.name == "posix":
        assert stat.S_IMODE((sender.folder / "own.pem").stat().st_mode) == 0o600


def test_without_a_key_the_next_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="keys init"):
        KeyRing(tmp_path).own()


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "own", "ê" * 81])
def test_an_odd_name_for_a_key_is_refused(tmp_path: Path, sender: KeyRing, name: str) -> None:
    (tmp_path / "k.pem").write_text(sender.own().pem)
    with pytest.raises(UsageError):
        KeyRing(tmp_path / "receiver").trust(tmp_path / "k.pem", name)


def test_a_name_is_not_given_to_another_key(tmp_path: Path, receiver: KeyRing) -> None:
    other = KeyRing(tmp_path / "other").init()
    (tmp_path / "k.pem").write_text(other.pem)
    with pytest.raises(UsageError):
        receiver.trust(tmp_path / "k.pem", "H60.127.03")


def test_what_is_no_public_key_is_refused(tmp_path: Path, sender: KeyRing) -> None:
    with pytest.raises(UsageError):
        KeyRing(tmp_path / "receiver").trust(sender.folder / "own.pem", "x")
    with pytest.raises(FileAccess):
        KeyRing(tmp_path / "receiver").trust(tmp_path / "none.pem", "x")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_can_check_a_seal_without_us(folder: Path, tmp_path: Path, sender: KeyRing) -> None:
    (tmp_path / "k.pem").write_text(sender.own().pem)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(tmp_path / "k.pem"), "-rawin",
               "-in", str(folder / "manifest.json"), "-sigfile", str(folder / "manifest.sig")]  # fmt: skip
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_keys_are_made_shown_and_trusted_on_the_command_line(digitizer, tmp_path: Path, sender: KeyRing) -> None:  # type: ignore[no-untyped-def]
    assert digitizer("keys", "init").code == 0
    assert digitizer("keys", "init").code == UsageError.exit_code
    assert digitizer("keys", "show", "--pem").out.startswith("-----BEGIN PUBLIC KEY-----")
    (tmp_path / "k.pem").write_text(sender.own().pem)
    assert digitizer("keys", "trust", tmp_path / "k.pem", "--name", "H60").code == 0
    shown = digitizer("keys", "show", "--json").json
    assert [key["name"] for key in shown] == ["own", "H60"]
    assert digitizer("audit", "verify").code == 0
