"""Store `s3://bucket[/prefix]`: MinIO or any S3, by plain S3 calls. The settings `s3.*` say where it is and who we are.

Nothing is overwritten, because the name is the hash of the content. A failed transfer is repeated as a whole. What is read
is hashed before it is given out. In a versioned bucket, a file that somebody overwrote or deleted is found among its older
versions.
"""

from __future__ import annotations

import hashlib
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import quote, urlsplit

import certifi
import urllib3
from minio import Minio
from minio.datatypes import PostPolicy
from minio.error import InvalidResponseError, MinioException, S3Error

from digitizer.digests import file_sha256
from digitizer.errors import ConfigError, DigitizerError, FileAccess, StoreDown, StoreFull
from digitizer.settings import S3Options
from digitizer.storage import Object, Stat, UploadForm
from digitizer.text import nfc

T = TypeVar("T")

#: bytes read at a time
_BLOCK = 1 << 20
#: bytes of a part of a multipart upload. Smaller files go in one piece. Two parts are in memory at a time.
_PART = 16 << 20
#: bytes of a download kept in memory while it is hashed. Larger ones go to disk.
_SPOOL = 8 << 20
#: a key of ours: `ab/abcd…`
_KEY = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})")
#: codes of S3 for an object that is not there
_MISSING = {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"}
#: codes of S3 for a full disk or quota
_FULL = {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage", "QuotaExceeded"}
#: codes of S3 after which the same call may succeed
_PASSING = {
    "InternalError",
    "SlowDown",
    "SlowDownRead",
    "SlowDownWrite",
    "ServiceUnavailable",
    "RequestTimeout",
    "OperationAborted",
}
#: prefix of objects that scan agents upload
INCOMING = "incoming"


class S3Store:
    """Files by content in a bucket."""

    def __init__(self, client: Minio, public: Minio, bucket: str, prefix: str, scratch: Path, options: S3Options) -> None:
        self.client, self.public, self.bucket, self.prefix = client, public, bucket, prefix
        self.scratch, self.options = scratch, options

    def put_file(self, path: Path) -> str:
        """Hashes the file, then uploads it where the store lacks it. Hashes again on the way and refuses a changed file."""
        digest, size = _digest(path)
        key = f"{digest[:2]}/{digest}"
        with _translated(key):
            self._again(lambda: self._put(path, key, digest, size))
        return key

    def _put(self, path: Path, key: str, digest: str, size: int) -> None:
        try:
            if self.client.stat_object(self.bucket, self._name(key)).size == size:
                return
        except S3Error as exc:
            if exc.code not in _MISSING:
                raise
        with path.open("rb") as source:
            self.client.put_object(
                self.bucket,
                self._name(key),
                cast(BinaryIO, _Hashed(source, size, digest, path)),
                size,
                metadata={"name": quote(nfc(path.name))},
                part_size=_PART,
                num_parallel_uploads=2,
            )

    def open(self, key: str) -> BinaryIO:
        """The stored bytes. Their hash was checked."""
        self._check(key)
        self.scratch.mkdir(parents=True, exist_ok=True)
        with _translated(key):
            found = self._again(lambda: self._download(key)) or self._older(key)
        if found is None:
            raise StoreDown("the store has another content under this hash", key=key)
        return found

    def _download(self, key: str, version: str | None = None) -> BinaryIO | None:
        """The bytes. None when their hash is not the one in the key, or the object is missing."""
        spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL, mode="w+b", dir=str(self.scratch))  # noqa: SIM115
        try:
            digest = hashlib.sha256()
            for block in self._blocks(key, version):
                digest.update(block)
                spool.write(block)
            if digest.hexdigest() == key.rpartition("/")[2]:
                spool.seek(0)
                return cast(BinaryIO, spool)
        except S3Error as exc:
            if exc.code not in _MISSING:
                raise
        except BaseException:
            spool.close()
            raise
        spool.close()
        return None

    def _blocks(self, key: str, version: str | None = None) -> Iterator[bytes]:
        answer = self.client.get_object(self.bucket, self._name(key), version_id=version)
        try:
            yield from answer.stream(_BLOCK)
        finally:
            answer.close()
            answer.release_conn()

    def _older(self, key: str) -> BinaryIO | None:
        """The newest older version that has the right hash. A bucket without versions has none."""
        versions = list(self.client.list_objects(self.bucket, prefix=self._name(key), include_version=True))
        if not versions:
            raise StoreDown("the store has no such file", key=key)
        for found in versions:
            if found.version_id and not found.is_delete_marker and (data := self._download(key, found.version_id)):
                return data
        return None

    def local(self, key: str) -> Path | None:
        """None: the files are on another machine."""
        return None

    def stat(self, key: str) -> Stat:
        """Size of a stored file."""
        self._check(key)
        with _translated(key):
            found = self._again(lambda: self.client.stat_object(self.bucket, self._name(key)))
        return Stat(key=key, size=found.size or 0)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys that begin with `prefix`, sorted as S3 gives them."""
        with _translated(prefix):
            for found in self.client.list_objects(self.bucket, prefix=self._name(prefix), recursive=True):
                key = (found.object_name or "")[len(self._name("")) :]
                if _KEY.fullmatch(key):
                    yield key

    def verify(self, key: str) -> bool:
        """Whether the stored bytes still have the hash in their key."""

        def once() -> str:
            digest = hashlib.sha256()
            for block in self._blocks(key):
                digest.update(block)
            return digest.hexdigest()

        self._check(key)
        with _translated(key):
            return self._again(once) == key.rpartition("/")[2]

    def upload_form(self, prefix: str, *, most_bytes: int, seconds: int) -> UploadForm:
        """A signed POST policy: any key below `incoming/<prefix>`, 1 to `most_bytes` bytes, for `seconds`."""
        below = self._name(f"{INCOMING}/{nfc(prefix).strip('/')}/")
        policy = PostPolicy(self.bucket, datetime.now(UTC) + timedelta(seconds=seconds))
        policy.add_starts_with_condition("key", below)
        policy.add_content_length_range_condition(1, most_bytes)
        with _translated(below):
            fields = self.public.presigned_post_policy(policy)
        address = f"{_public(self.options).rstrip('/')}/{self.bucket}"
        return UploadForm(url=address, fields={"key": f"{below}${{filename}}", **fields})

    def download_url(self, key: str, *, seconds: int) -> str | None:
        """A signed address, good for `seconds`."""
        self._check(key)
        with _translated(key):
            return self.public.presigned_get_object(self.bucket, self._name(key), expires=timedelta(seconds=seconds))

    def _name(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key

    def _check(self, key: str) -> None:
        if not _KEY.fullmatch(key):
            raise StoreDown("not a key of this store", key=key)

    def _again(self, action: Callable[[], T]) -> T:
        return _again(action, self.options.tries)


class S3Objects:
    """Objects that others left in a bucket."""

    def __init__(self, client: Minio, bucket: str, tries: int) -> None:
        self.client, self.bucket, self.tries = client, bucket, tries

    @classmethod
    def open(cls, url: str, options: S3Options) -> tuple[S3Objects, str]:
        """The objects of a bucket, and the prefix the URL names."""
        bucket, prefix = _split(url)
        return cls(_client(options.endpoint, options), bucket, options.tries), prefix

    def list(self, prefix: str) -> Iterator[Object]:
        """Objects below `prefix`, a page of a thousand at a time."""
        with _translated(prefix):
            for found in self.client.list_objects(self.bucket, prefix=prefix, recursive=True):
                if not found.is_dir:
                    yield _object(found)

    def stat(self, key: str) -> Object:
        """One object."""
        with _translated(key), _present(key):
            return _object(_again(lambda: self.client.stat_object(self.bucket, key), self.tries))

    def changes(self, prefix: str) -> Iterator[str]:
        """Keys as MinIO reports them. It sends a sign of life every few seconds, so silence means a dead connection."""
        with (
            _translated(prefix),
            self.client.listen_bucket_notification(self.bucket, prefix=prefix, events=("s3:ObjectCreated:*",)) as events,
        ):
            for event in events:
                yield from (record["s3"]["object"]["key"] for record in event.get("Records") or ())

    def fetch(self, key: str, target: Path) -> None:
        """Writes the bytes to `target`, all of them or none."""

        def once() -> None:
            answer = self.client.get_object(self.bucket, key)
            try:
                with target.open("wb") as sink:
                    for block in answer.stream(_BLOCK):
                        sink.write(block)
            finally:
                answer.close()
                answer.release_conn()

        with _translated(key), _present(key):
            _again(once, self.tries)


def _object(found: Any) -> Object:
    return Object(key=found.object_name, size=found.size or 0, etag=found.etag or "")


class _Hashed:
    """A file being uploaded. It gives out its last bytes only when the hash of all bytes is the expected one."""

    def __init__(self, source: BinaryIO, size: int, digest: str, path: Path) -> None:
        self.source, self.left, self.expected, self.path = source, size, digest, path
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.source.read(min(size, self.left) if size >= 0 else self.left)
        self.left -= len(block)
        self.digest.update(block)
        if (self.left == 0 and self.digest.hexdigest() != self.expected) or (not block and self.left):
            raise FileAccess("the file changes while it is being read", file=str(self.path))
        return block


def _digest(path: Path) -> tuple[str, int]:
    try:
        return file_sha256(path), path.stat().st_size
    except OSError as exc:
        raise FileAccess(f"cannot read {path.name}", file=str(path)) from exc


def _again(action: Callable[[], T], tries: int) -> T:
    """Does `action` up to `tries` times while the store is at fault. Waits 0.2 s, 0.4 s … with jitter in between."""
    for attempt in range(1, tries):
        try:
            return action()
        except (urllib3.exceptions.HTTPError, MinioException, OSError) as exc:
            if not _passes(exc):
                raise
            time.sleep(0.1 * 2**attempt * random.uniform(0.5, 1.5))
    return action()


def _passes(exc: Exception) -> bool:
    """Whether the same call may succeed later."""
    if isinstance(exc, S3Error):
        status = getattr(exc.response, "status", 0)
        return (exc.code or "") in _PASSING or (status >= 500 and (exc.code or "") not in _FULL)
    return isinstance(exc, (urllib3.exceptions.HTTPError, InvalidResponseError, MinioException, ConnectionError, TimeoutError))


@contextmanager
def _present(key: str) -> Iterator[None]:
    try:
        yield
    except S3Error as exc:
        if exc.code in _MISSING:
            raise FileAccess("there is no such object", file=key) from exc
        raise


@contextmanager
def _translated(key: str) -> Iterator[None]:
    """Turns errors of S3, of the connection and of the scratch disk into ours."""
    try:
        yield
    except DigitizerError:
        raise
    except S3Error as exc:
        if exc.code in _FULL or getattr(exc.response, "status", 0) == 507:
            raise StoreFull("no room left in the store", key=key) from exc
        raise StoreDown(f"store: {exc.code}", key=key) from exc
    except (urllib3.exceptions.HTTPError, MinioException, ValueError) as exc:
        raise StoreDown(f"store: {type(exc).__name__}", key=key) from exc
    except OSError as exc:
        raise StoreDown(f"store: {exc.strerror or type(exc).__name__}", key=key) from exc


def _client(endpoint: str, options: S3Options) -> Minio:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
        raise ConfigError("s3.endpoint must be http(s)://host[:port]", sentence="s3_endpoint", setting="s3.endpoint")
    if options.ca is not None and not options.ca.is_file():
        raise ConfigError(f"there is no certificate {options.ca}", sentence="s3_certificate", setting="s3.ca")
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=options.connect_s, read=options.read_s),
        maxsize=8,
        retries=urllib3.Retry(total=0, redirect=2),
        cert_reqs="CERT_REQUIRED",
        ca_certs=str(options.ca) if options.ca else certifi.where(),
    )
    return Minio(
        parts.netloc,
        access_key=options.access_key or None,
        secret_key=options.secret_key.get_secret_value() or None,
        secure=parts.scheme == "https",
        region=options.region,
        http_client=pool,
    )


def _public(options: S3Options) -> str:
    return options.public_endpoint or options.endpoint


def _split(url: str) -> tuple[str, str]:
    """`s3://bucket/a/b` -> ("bucket", "a/b"). The prefix stays as written, because S3 compares keys byte by byte."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket:
        raise ConfigError("an S3 address is s3://bucket[/prefix]", sentence="s3_address", url=url)
    return bucket, prefix


def open(url: str, home: Path, options: S3Options) -> S3Store:
    """The store at `url`. Downloads are spooled below `home`."""
    bucket, prefix = _split(url)
    client, public = _client(options.endpoint, options), _client(_public(options), options)
    return S3Store(client, public, bucket, prefix.strip("/"), home / "scratch", options)
