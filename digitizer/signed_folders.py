"""Signed folders: a manifest of the files (size, SHA-256) and an Ed25519 signature (RFC 8032) over it.

`manifest.json` lists every file and the fingerprint of the signing key. `manifest.sig` holds the 64 bytes of the signature
over the bytes of `manifest.json`. OpenSSL can check it without us:
`openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in manifest.json -sigfile manifest.sig`.

Keys live in `<home>/keys`. `own.pem` is our own key, readable by its owner alone. `trusted/` has one file for each key we
trust. Before trusting a key, compare its fingerprint with the sender by another way, for example by telephone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from digitizer.digests import file_sha256
from digitizer.errors import ConfigError, FileAccess, SealBroken, SealUntrusted, UsageError

#: name of the manifest inside the folder
MANIFEST = "manifest.json"
#: name of its signature
SIGNATURE = "manifest.sig"
#: name of the format, inside the manifest
SCHEMA = "digitizer/manifest/1"
#: largest manifest that is read, bytes. One of a million files has about 150 MB.
_MANIFEST_BYTES = 200_000_000
#: bytes copied at a time
_BLOCK = 1 << 20
#: names of trusted keys
_NAME = re.compile(r"[\w.-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """A file the manifest lists. `path` is relative to the folder, with `/`."""

    path: str
    #: bytes
    size: int
    #: of the bytes, lower-case hex
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Which files were signed, by which key, when. `facts` are the signer's codes and counts, no personal data."""

    kind: str
    #: fingerprint of the key
    signer: str
    #: aware, UTC
    at: datetime
    files: tuple[SealedFile, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


class TrustedKey:
    """A public key and the name under which we trust it."""

    def __init__(self, name: str, public: Ed25519PublicKey) -> None:
        self.name, self._public = name, public

    @property
    def pem(self) -> str:
        """The key as it is handed to others."""
        return self._public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key's DER (SubjectPublicKeyInfo), the first 32 hex digits in groups of four."""
        der = self._public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        digits = hashlib.sha256(der).hexdigest()[:32]
        return "-".join(digits[i : i + 4] for i in range(0, 32, 4))

    def verifies(self, data: bytes, signature: bytes) -> bool:
        """Whether this key signed `data`."""
        try:
            self._public.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class OwnKey(TrustedKey):
    """Our own key pair."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        super().__init__(name, private.public_key())
        self._private = private

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`: 64 bytes, the same for the same data."""
        return self._private.sign(data)


class KeyRing:
    """Our own key and those we trust, in `<home>/keys`."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "keys"

    def init(self) -> OwnKey:
        """Makes our own key. Raises UsageError when there is one, because its signatures could not be checked any more."""
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(self.folder / "own.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as exc:
            raise UsageError(
                "there is a key already; see `digitizer keys show`", sentence="key_there", file=str(self.folder / "own.pem")
            ) from exc
        with os.fdopen(handle, "wb") as sink:
            sink.write(pem)
            sink.flush()
            os.fsync(sink.fileno())
        return self.own()

    def own(self) -> OwnKey:
        """Our own key. Raises ConfigError when there is none or it is damaged."""
        path = self.folder / "own.pem"
        try:
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except FileNotFoundError as exc:
            raise ConfigError(
                "no key to sign with; make one with `digitizer keys init`", sentence="no_signing_key", file=str(path)
            ) from exc
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as exc:
            raise ConfigError("the signing key cannot be read", sentence="signing_key_unreadable", file=str(path)) from exc
        if not isinstance(private, Ed25519PrivateKey):
            raise ConfigError("the signing key is no Ed25519 key", sentence="no_ed25519_key", file=str(path))
        return OwnKey("own", private)

    def trust(self, pem: Path, name: str) -> TrustedKey:
        """Trusts the public key in `pem` under `name`. Raises UsageError when the name is taken or odd, or `pem` is no key."""
        if not _NAME.fullmatch(name) or name.startswith(".") or name == "own":
            raise UsageError(
                "a key's name has letters, digits, '.', '_' and '-' only, and is not 'own'", sentence="key_name_wrong", name=name
            )
        key = TrustedKey(name, _public(pem))
        for known in self.trusted():
            if known.name == name and known.fingerprint != key.fingerprint:
                raise UsageError("another key has this name", sentence="key_name_taken", name=name)
        target = self.folder / "trusted" / f"{name}.pem"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(key.pem, encoding="ascii")
        return key

    def trusted(self) -> list[TrustedKey]:
        """The keys we trust, our own among them, by name. Raises UsageError for a damaged one."""
        own = [self.own()] if (self.folder / "own.pem").exists() else []
        return [*own, *(TrustedKey(path.stem, _public(path)) for path in sorted((self.folder / "trusted").glob("*.pem")))]

    def named(self, fingerprint: str) -> TrustedKey:
        """The trusted key with this fingerprint. Raises SealUntrusted."""
        found = next((key for key in self.trusted() if key.fingerprint == fingerprint), None)
        if found is None:
            raise SealUntrusted("nobody here trusts the key this was sealed with", fingerprint=fingerprint)
        return found


def seal(folder: Path, *, key: OwnKey, kind: str, facts: Mapping[str, Any] | None = None) -> Manifest:
    """Signs every file below `folder`: writes `manifest.json`, then `manifest.sig`, and returns the manifest.

    Raises FileAccess when a file cannot be read, or is a link.
    """
    manifest = Manifest(
        kind=kind, signer=key.fingerprint, at=datetime.now(UTC), facts=dict(facts or {}), files=tuple(_files(folder))
    )
    data = _to_json(manifest)
    (folder / MANIFEST).write_bytes(data)
    (folder / SIGNATURE).write_bytes(key.sign(data))
    return manifest


def check(folder: Path, keys: KeyRing) -> Manifest:
    """Checks that a signed folder holds exactly the listed files, signed by a key we trust. Returns the manifest.

    Raises SealUntrusted. Raises SealBroken when a file was changed, is missing or was added.
    """
    try:
        manifest = _verified((folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_bytes(), keys)
    except OSError as exc:
        raise SealBroken("this folder has no seal", file=folder.name) from exc
    found = {file.path: file for file in _files(folder)}
    for listed in manifest.files:
        if found.pop(listed.path, None) != listed:
            raise SealBroken("a sealed file is missing or was changed", file=listed.path)
    if found:
        raise SealBroken("a file was added after sealing", file=min(found))
    return manifest


def pack(folder: Path, target: Path) -> None:
    """Writes a signed folder as one uncompressed `.zip`, manifest and signature first. `target` appears when it is complete."""
    part = target.with_name(f".{target.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name in (MANIFEST, SIGNATURE, *(file.path for file in _read(folder / MANIFEST).files)):
            archive.write(folder / name, name)
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    part.replace(target)


def unpack(package: Path, into: Path, keys: KeyRing) -> Manifest:
    """Checks the signature of a `.zip`, then writes exactly the listed files below `into`. Each is checked while it is written.

    Nothing is written before a trusted signature was seen, and never more bytes than the manifest lists.
    Raises SealUntrusted, SealBroken (also for a file that is no such package), FileAccess.
    """
    with _opened(package) as archive:
        manifest = _verified(_member(archive, MANIFEST), _member(archive, SIGNATURE), keys)
        extra = set(archive.namelist()) - {MANIFEST, SIGNATURE} - {file.path for file in manifest.files}
        if extra:
            raise SealBroken("a file was added after sealing", file=min(extra))
        for file in manifest.files:
            target = into / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(file.path) as packed, target.open("wb") as sink:
                _copy_checked(packed, sink, file)
        for name in (MANIFEST, SIGNATURE):
            (into / name).write_bytes(_member(archive, name))
    return manifest


def _public(path: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as exc:
        raise FileAccess("the key cannot be read", file=str(path)) from exc
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise UsageError(
            "this is no public key; ask for what `digitizer keys show --pem` gives", sentence="no_public_key", file=str(path)
        ) from exc
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError("this is no Ed25519 key", sentence="no_ed25519_key", file=str(path))
    return key


def _files(folder: Path) -> Iterator[SealedFile]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise FileAccess("a link cannot be sealed", file=relative)
        if path.is_file() and relative not in (MANIFEST, SIGNATURE):
            try:
                digest = file_sha256(path)
            except OSError as exc:
                raise FileAccess("cannot read a file to seal", file=relative) from exc
            yield SealedFile(path=relative, size=path.stat().st_size, sha256=digest)


def _to_json(manifest: Manifest) -> bytes:
    return json.dumps(
        {
            "schema": SCHEMA,
            "kind": manifest.kind,
            "signer": manifest.signer,
            "at": manifest.at.isoformat(),
            "facts": manifest.facts,
            "files": [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in manifest.files],
        },
        ensure_ascii=False,
        indent=1,
    ).encode()


def _read(path: Path) -> Manifest:
    return _from_json(path.read_bytes())


def _from_json(data: bytes) -> Manifest:
    try:
        plain = json.loads(data)
        if plain["schema"] != SCHEMA:
            raise SealBroken("the seal is of another version; update digitizer", schema=str(plain["schema"]))
        return Manifest(
            kind=plain["kind"],
            signer=plain["signer"],
            at=datetime.fromisoformat(plain["at"]),
            facts=plain["facts"],
            files=tuple(SealedFile(path=_safe(f["path"]), size=int(f["size"]), sha256=f["sha256"]) for f in plain["files"]),
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise SealBroken("the manifest cannot be read") from exc


def _safe(path: str) -> str:
    """`path` when it stays below its folder on every system. Raises SealBroken."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or not pure.parts or ".." in pure.parts or "\\" in path or ":" in path or "\0" in path:
        raise SealBroken("the manifest names a file outside the package")
    return pure.as_posix()


def _verified(data: bytes, signature: bytes, keys: KeyRing) -> Manifest:
    manifest = _from_json(data)
    if not keys.named(manifest.signer).verifies(data, signature):
        raise SealBroken("the manifest was changed after it was signed")
    return manifest


@contextmanager
def _opened(package: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(package) as archive:
            yield archive
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError) as exc:
        raise SealBroken("this is no whole package; copy it again", file=package.name) from exc
    except OSError as exc:
        raise FileAccess("the package cannot be unpacked", file=package.name) from exc


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _MANIFEST_BYTES:
        raise SealBroken("the manifest is too large", file=name)
    return archive.read(name)


def _copy_checked(packed: IO[bytes], sink: IO[bytes], file: SealedFile) -> None:
    digest, size = hashlib.sha256(), 0
    while block := packed.read(_BLOCK):
        size += len(block)
        if size > file.size:
            break
        digest.update(block)
        sink.write(block)
    if size != file.size or digest.hexdigest() != file.sha256:
        raise SealBroken("a sealed file was changed", file=file.path)
