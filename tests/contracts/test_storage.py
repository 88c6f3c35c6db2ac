"""What every store promises, whatever it stands on."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import stat
import subprocess
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import urllib3
from minio import Minio
from minio.error import MinioException

from digitizer.errors import ConfigError, FileAccess, StoreDown, StoreFull, UsageError
from digitizer.settings import S3Options
from digitizer.storage import Store, open_objects, open_store
from digitizer.storage import s3 as adapter
from tests.servers import ACCESS, SECRET, MinioServer, S3Server, Servers

CONTENT = "Sổ đăng ký khai sinh".encode()
KEY = hashlib.sha256(CONTENT).hexdigest()
KEY = f"{KEY[:2]}/{KEY}"

service = pytest.mark.service
ADAPTERS = ["file", "file with a path", pytest.param("s3", marks=service), pytest.param("s3 with a prefix", marks=service)]


@pytest.fixture(params=ADAPTERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store."""
    home, kind = tmp_path / "home", request.param
    if kind == "file":
        return open_store("file:", home)
    if kind == "file with a path":
        return open_store((tmp_path / "kho lưu trữ").as_uri(), home)
    s3: S3Server = request.getfixturevalue("servers").s3
    return open_store(f"s3://{s3.bucket()}" + ("/kho/số hóa" if kind == "s3 with a prefix" else ""), home, s3.options())


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


def test_a_file_is_stored_only_after_its_name_is_on_the_disk(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename outlives a power cut only after a sync of its folder. The folder of a new prefix needs one too."""
    store = open_store("file:", tmp_path)
    synced: list[tuple[int, list[str]]] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            synced.append((status.st_ino, os.listdir(handle)))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    prefix, _, name = store.put_file(file).partition("/")
    root, folder = tmp_path / "store", tmp_path / "store" / prefix
    assert [inode for inode, _ in synced] == [root.stat().st_ino, folder.stat().st_ino]
    assert prefix in synced[0][1]
    assert synced[1][1] == [name], "the folder is synced after the rename"
    store.put_file(file)
    assert [inode for inode, _ in synced[2:]] == [folder.stat().st_ino], "a repeat may follow a crash before the sync"


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


# --- what is particular to `s3://` -----------------------------------------------------------------------------------


@pytest.fixture
def s3(servers: Servers) -> S3Server:
    return servers.s3


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.bucket()


def s3_store(s3: S3Server, bucket: str, home: Path, **options: object) -> Store:
    return open_store(f"s3://{bucket}", home, s3.options(**options))


def only_minio(s3: S3Server) -> None:
    if not s3.product.startswith("MinIO"):
        pytest.skip(f"{s3.product} does not check signatures and policies")


@service
def test_the_original_name_is_kept_beside_the_bytes(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    path = tmp_path / unicodedata.normalize("NFD", "Giấy khai sinh.pdf")
    path.write_bytes(CONTENT)
    s3_store(s3, bucket, tmp_path).put_file(path)
    kept = s3.client.stat_object(bucket, KEY).metadata or {}
    assert unquote(kept["x-amz-meta-name"]) == "Giấy khai sinh.pdf"


@service
def test_a_large_file_goes_in_parts_and_comes_back_whole(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(os.urandom(40 << 20))
    store = s3_store(s3, bucket, tmp_path)
    key = store.put_file(path)
    assert "-3" in (s3.client.stat_object(bucket, key).etag or ""), "three parts"
    with store.open(key) as stored:
        assert hashlib.sha256(stored.read()).digest() == hashlib.sha256(path.read_bytes()).digest()
    assert store.verify(key)
    assert [p for p in (tmp_path / "scratch").iterdir()] == []


@service
def test_what_was_changed_behind_our_back_is_not_given_out(s3: S3Server, bucket: str, file: Path, tmp_path: Path) -> None:
    store = s3_store(s3, bucket, tmp_path)
    store.put_file(file)
    s3.client.put_object(bucket, KEY, io.BytesIO(b"forged"), 6)
    assert not store.verify(KEY)
    with pytest.raises(StoreDown):
        store.open(KEY)
    store.put_file(file)
    assert store.verify(KEY), "putting the original again puts it right"


@service
@pytest.mark.parametrize("harm", ["overwritten", "deleted"])
def test_in_a_versioned_bucket_the_original_is_still_found(s3: S3Server, file: Path, tmp_path: Path, harm: str) -> None:
    bucket = s3.bucket(versioned=True)
    store = s3_store(s3, bucket, tmp_path)
    store.put_file(file)
    if harm == "deleted":
        s3.client.remove_object(bucket, KEY)
    else:
        s3.client.put_object(bucket, KEY, io.BytesIO(b"forged"), 6)
    with store.open(KEY) as stored:
        assert stored.read() == CONTENT


@service
def test_other_objects_of_the_bucket_are_not_ours(s3: S3Server, bucket: str, file: Path, tmp_path: Path) -> None:
    s3.client.put_object(bucket, "incoming/a.pdf", io.BytesIO(b"scan"), 4)
    s3.client.put_object(bucket, "ab/readme.txt", io.BytesIO(b"text"), 4)
    store = s3_store(s3, bucket, tmp_path)
    store.put_file(file)
    assert list(store.list()) == [KEY]


@service
def test_a_file_that_grows_while_it_is_stored_is_refused(
    s3: S3Server, bucket: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scanner is still writing it."""
    monkeypatch.setattr(adapter, "file_sha256", lambda path: "0" * 64)
    store = s3_store(s3, bucket, tmp_path)
    with pytest.raises(FileAccess):
        store.put_file(file)
    assert list(s3.client.list_objects(bucket, recursive=True)) == []


@service
def test_a_scan_agent_may_upload_below_its_prefix_and_no_more(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    only_minio(s3)
    form = s3_store(s3, bucket, tmp_path).upload_form("H60.127.03/books", most_bytes=100, seconds=60)

    def upload(key: str, data: bytes) -> int:
        fields = {**form.fields, "key": key, "file": ("scan.jpg", data)}
        return urllib3.request("POST", form.url, fields=fields, retries=False).status

    mine = "incoming/H60.127.03/books/KS/1999/01/trang 1.jpg"
    assert upload(mine, b"scan") == 204
    assert s3.client.stat_object(bucket, mine).size == 4
    assert upload("incoming/H60.127.04/books/KS/1999/01/1.jpg", b"scan") == 403
    assert upload("ab/" + "ab" * 32, b"scan") == 403, "least of all in place of an original"
    assert upload(mine, b"x" * 101) == 400
    assert upload(mine, b"") == 400


@service
def test_a_file_can_be_fetched_by_a_signed_address(s3: S3Server, bucket: str, file: Path, tmp_path: Path) -> None:
    store = s3_store(s3, bucket, tmp_path)
    url = store.download_url(store.put_file(file), seconds=60)
    assert url is not None
    assert urllib3.request("GET", url).data == CONTENT
    assert urllib3.request("GET", url.partition("?")[0]).status == 403, "not without the signature"


def test_a_folder_has_no_addresses(tmp_path: Path, file: Path) -> None:
    store = open_store("file:", tmp_path)
    assert store.download_url(store.put_file(file), seconds=60) is None
    with pytest.raises(UsageError):
        store.upload_form("H60", most_bytes=100, seconds=60)


@service
@pytest.mark.parametrize("harm", [{"secret_key": "wrong-secret"}, {"endpoint": "http://127.0.0.1:1"}], ids=["secret", "endpoint"])
def test_a_server_that_refuses_or_is_not_there_is_down(
    s3: S3Server, bucket: str, file: Path, tmp_path: Path, harm: dict[str, str]
) -> None:
    if "secret_key" in harm:
        only_minio(s3)
    with pytest.raises(StoreDown):
        s3_store(s3, bucket, tmp_path, **harm, tries=1).put_file(file)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("s3://", {"endpoint": "http://localhost:9000"}),
        ("s3://bucket", {}),
        ("s3://bucket", {"endpoint": "localhost:9000"}),
        ("s3://bucket", {"endpoint": "https://localhost:9000", "ca": Path("/nowhere.pem")}),
    ],
    ids=["no bucket", "no endpoint", "no scheme", "no certificate"],
)
def test_a_wrong_address_is_a_wrong_configuration(tmp_path: Path, url: str, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        open_store(url, tmp_path, S3Options(**options))


@service
def test_objects_are_listed_and_fetched_under_their_owners_names(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    names = ["a/1.jpg", "a/10.jpg", "a/" + unicodedata.normalize("NFD", "giấy.jpg"), "b/2.jpg"]
    for name in names:
        s3.client.put_object(bucket, name, io.BytesIO(name.encode()), len(name.encode()))
    objects, prefix = open_objects(f"s3://{bucket}/a/", s3.options())
    assert [o.key for o in objects.list(prefix)] == names[:3]
    objects.fetch(names[2], tmp_path / "scan")
    assert (tmp_path / "scan").read_bytes() == names[2].encode()
    assert objects.stat(names[0]).size == 7
    with pytest.raises(FileAccess):
        objects.fetch("a/gone.jpg", tmp_path / "gone")


@service
def test_a_server_with_a_certificate_of_our_own_is_trusted_when_we_say_so(s3: S3Server, file: Path, tmp_path: Path) -> None:
    if not isinstance(s3, MinioServer) or shutil.which("openssl") is None:
        pytest.skip(f"{s3.product} without certificates, or no openssl here")
    certificates = tmp_path / "certs"
    certificates.mkdir()
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    kept = ["-keyout", certificates / "private.key", "-out", certificates / "public.crt", "-days", "2"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *kept, *names], check=True, capture_output=True)
    server = TlsMinio(s3.program, certificates)
    server.start()
    try:
        trusted = server.options(ca=certificates / "public.crt", tries=2)
        server.client.make_bucket("kho")
        assert open_store("s3://kho", tmp_path, trusted).put_file(file) == KEY
        with pytest.raises(StoreDown):
            open_store("s3://kho", tmp_path, server.options(tries=1)).put_file(file)
    finally:
        server.end()


class TlsMinio(MinioServer):
    """MinIO with TLS."""

    def __init__(self, program: Path, certificates: Path) -> None:
        super().__init__(program)
        self.certificates = certificates

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str | Path]:
        return [*super().command(), "--certs-dir", self.certificates]

    @property
    def client(self) -> Minio:
        pool = urllib3.PoolManager(ca_certs=str(self.certificates / "public.crt"), retries=False, timeout=2)
        return Minio(f"127.0.0.1:{self.port}", access_key=ACCESS, secret_key=SECRET, region="us-east-1", http_client=pool)

    def ready(self) -> bool:
        try:
            self.client.list_buckets()  # it answers a moment before it knows its users
        except (urllib3.exceptions.HTTPError, MinioException):
            return False
        return True
