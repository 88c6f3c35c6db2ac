"""What every store promises, whatever it stands on."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from digitizer.errors import ConfigError, FileAccess, StoreDown, StoreFull
from digitizer.storage import Store, open_store

CONTENT = "Sổ đăng ký khai sinh".encode()
KEY = hashlib.sha256(CONTENT).hexdigest()
KEY = f"{KEY[:2]}/{KEY}"

#: adapter -> the URL of an empty store
ADAPTERS: dict[str, Callable[[Path], str]] = {
    "file": lambda folder: "file:",
    "file with a path": lambda folder: (folder / "kho lưu trữ").as_uri(),
}


@pytest.fixture(params=ADAPTERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return open_store(ADAPTERS[request.param](tmp_path), tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "scan.pdf"
    path.write_bytes(CONTENT)
    return path


def test_the_key_is_the_hash_of_the_bytes(store: Store, file: Path) -> None:
    assert store.put_file(file) == KEY


def test_what_was_put_comes_back(store: Store, file: Path) -> None:
    with store.open(store.put_file(file)) as stored:
        assert stored.read() == CONTENT
    assert store.stat(KEY).size == len(CONTENT)


def test_the_source_stays_where_it_is(store: Store, file: Path) -> None:
    store.put_file(file)
    assert file.read_bytes() == CONTENT


def test_an_empty_file_is_a_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert store.stat(store.put_file(tmp_path / "empty")).size == 0


def test_putting_twice_changes_nothing(store: Store, file: Path) -> None:
    assert store.put_file(file) == store.put_file(file)
    assert list(store.list()) == [KEY]


def test_keys_are_listed_by_prefix_in_order(store: Store, tmp_path: Path) -> None:
    keys = []
    for number in range(20):
        (tmp_path / "page").write_text(f"trang {number}")
        keys.append(store.put_file(tmp_path / "page"))
    assert list(store.list()) == sorted(keys)
    assert list(store.list(keys[3][:5])) == [keys[3]]
    assert list(store.list("zz")) == []


def test_an_unknown_key_is_an_error_of_the_store(store: Store) -> None:
    for read in (store.open, store.stat):
        with pytest.raises(StoreDown):
            read(KEY)


@pytest.mark.parametrize("key", ["", "ab", "../../etc/passwd", "ab/../../secret", "zz/" + "z" * 64, "cd/ab" + "0" * 62])
def test_what_is_no_key_reads_nothing(store: Store, key: str) -> None:
    with pytest.raises(StoreDown):
        store.open(key)


def test_a_file_that_cannot_be_read_is_the_callers_fault(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileAccess):
        store.put_file(tmp_path / "missing.pdf")
    with pytest.raises(FileAccess):
        store.put_file(tmp_path)


def test_stored_bytes_can_be_verified(store: Store, file: Path) -> None:
    assert store.verify(store.put_file(file))


def test_an_unknown_scheme_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        open_store("carrier-pigeon:", tmp_path)


# --- what is particular to `file:` -----------------------------------------------------------------------------------


def test_the_file_store_lies_in_the_home(tmp_path: Path, file: Path) -> None:
    open_store("file:", tmp_path / "home").put_file(file)
    assert (tmp_path / "home" / "store" / KEY).read_bytes() == CONTENT


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_stored_files_are_read_only(tmp_path: Path, file: Path) -> None:
    open_store("file:", tmp_path).put_file(file)
    assert stat.S_IMODE((tmp_path / "store" / KEY).stat().st_mode) == 0o444


def test_damage_is_found_and_a_cut_file_is_replaced(tmp_path: Path, file: Path) -> None:
    store = open_store("file:", tmp_path)
    stored = tmp_path / "store" / store.put_file(file)
    stored.chmod(0o644)
    stored.write_bytes(CONTENT[:5])
    assert not store.verify(KEY)
    store.put_file(file)
    assert store.verify(KEY)


def test_nothing_half_written_is_left_or_listed(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store("file:", tmp_path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFull) as caught:
        store.put_file(file)
    assert caught.value.retry
    assert list(store.list()) == []
    assert list((tmp_path / "store" / "tmp").iterdir()) == []


def test_any_other_failure_of_the_disk_is_store_down(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store("file:", tmp_path)

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StoreDown):
        store.put_file(file)


def test_what_a_killed_process_left_is_cleared_after_a_day(tmp_path: Path) -> None:
    left = tmp_path / "store" / "tmp"
    left.mkdir(parents=True)
    (left / "old").write_bytes(b"half")
    (left / "new").write_bytes(b"half")
    os.utime(left / "old", (1_000_000, 1_000_000))
    open_store("file:", tmp_path)
    assert [p.name for p in left.iterdir()] == ["new"]


def test_a_source_that_breaks_off_is_the_callers_fault(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store("file:", tmp_path)

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "open", lambda self, mode="r": Broken())
    with pytest.raises(FileAccess):
        store.put_file(file)
