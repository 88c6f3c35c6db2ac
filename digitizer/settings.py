"""Settings: the only reader of the environment and of `config.toml`.

Order: command line, `DIGITIZER_*` variable, `config.toml` in the home folder, default. Every other module gets a frozen
dataclass by argument.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from digitizer.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an untrusted file may cost; checked before decoding."""

    megapixels: int = 150
    side_px: int = 65_000
    pages: int = 5_000
    file_bytes: int = 2_000_000_000
    #: address space of the decoding child process, bytes
    child_memory_bytes: int = 3_000_000_000
    #: CPU seconds of the child for one page
    child_cpu_s: int = 60
    #: wall-clock seconds the parent waits for one page
    child_wall_s: float = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """How a file becomes pages."""

    limits: Limits = Limits()
    #: resolution for PDF pages that are not one scanned image, dots per inch
    render_dpi: int = 300
    #: text a PDF has of its own: `redo` believes what can be seen and is right, and reads again what is hidden; `skip` believes
    #: hidden text too where it is good Vietnamese; `force` keeps pictures of the pages only, no text of the input remains
    mode: str = "redo"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """How the searchable PDF looks."""

    #: put on every page, top left, where an agency wants a visible mark of digitization (TT 05/2025/TT-BNV); say `ĐÃ SỐ HÓA`
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningOptions:
    """Whose signature goes on PDFs, by `digitizer sign`."""

    #: `.p12` or `.pfx` file with certificate and key …
    pkcs12: Path | None = None
    #: … or the driver's library of a token, and the labels of token and key
    pkcs11: Path | None = None
    token: str = ""
    key: str = ""
    #: password or PIN; better in DIGITIZER_SIGNING__SECRET than in a file
    secret: str = ""
    #: name of the agency, as the signature shows it
    agency: str = ""
    #: PAdES: B-B, B-T (time stamp) or B-LT (with proofs for later)
    level: str = "B-B"
    #: address of the time-stamp authority
    tsa: str = ""
    #: folder with the certificates of the authorities we trust, `.pem`, `.crt`, `.cer`; None: `<home>/authorities`
    authorities: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Which engine reads, and how."""

    #: name of a module in `digitizer/ocr/`
    name: str = "paddle"
    #: folder of recogniser weights (`inference.onnx`, `inference.yml`, `card.toml`); None: the one we ship
    recogniser: Path | None = None
    #: folder of detector weights; None: the one we ship
    detector: Path | None = None
    #: threads of one engine
    threads: int = 1
    #: what the engine `replay` gives back; for tests only
    recording: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOptions:
    """How the outbox tries, and how it treats the dossier system."""

    #: a delivery that failed is tried again after this, then twice as long …
    retry_first_s: float = 30.0
    #: … up to this, each time ± 25 %
    retry_most_s: float = 3600.0
    #: after five failures in a row a target is left alone for this, then twice as long …
    pause_first_s: float = 15.0
    #: … up to this
    pause_most_s: float = 240.0
    #: how long a claimed delivery stays ours without a sign of life
    lease_s: float = 120.0
    #: deliveries at a time to one target, at most
    concurrency: int = 8
    #: deliveries a minute to one target, 0: no cap
    rate_per_minute: float = 0.0
    #: hours (Hanoi) in which nothing is sent, `07:30-11:30, 13:30-17:00`
    quiet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """A further system that gets deliveries, beside `connector`: `[targets.<name>]` in `config.toml`."""

    url: str = ""
    #: agencies whose dossiers go there, and those below them, by comma: `H60.127, 000.00.19.H60`
    agencies: str = ""
    #: procedure codes whose dossiers go there, by comma
    procedures: str = ""
    concurrency: int = 8
    rate_per_minute: float = 0.0
    quiet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOptions:
    """What the HTTP server takes on, in all and for each key."""

    #: longest body of one upload, bytes
    body_bytes: int = 2_000_000_000
    #: longest body of any other request; 5,000 announced pages take half of it, bytes
    form_bytes: int = 1_000_000
    #: seconds a client has to send the head of a request
    header_s: float = 10.0
    #: seconds a body may pause, and a client may go without taking what it is sent
    pause_s: float = 20.0
    #: slowest body, bytes a second, after the first `pause_s` seconds
    slowest_bytes_s: int = 2_000
    #: open connections
    connections: int = 4_000
    #: uploads at the same time
    uploads: int = 64
    #: event streams at the same time, in all and for one key
    streams: int = 1_000
    streams_per_key: int = 200
    #: seconds an event stream lasts at most; clients reconnect
    stream_s: float = 3_600.0
    #: what a key may do when it says nothing else
    requests_per_minute: int = 12_000
    pages_per_day: int = 200_000
    #: requests without a valid key, from one address
    wrong_keys_per_minute: int = 300
    #: days a key is valid
    key_days: int = 365
    #: days the old key still works after a rotation
    overlap_days: int = 7
    #: where intake systems leave objects, `s3://bucket/prefix`, below it `<agency>/…`; empty: `incoming/` of an S3 store
    inbox: str = ""
    #: hours an upload session stays open
    session_hours: int = 24
    #: networks callbacks may go to besides the open Internet, `10.20.0.0/16, 127.0.0.0/8`; by http too
    callback_networks: str = ""
    #: hours an Idempotency-Key is remembered
    repeat_hours: int = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """Where S3 is and who we are there; secrets belong in the environment or in a `config.toml` only we can read."""

    #: http(s)://host[:port]
    endpoint: str = ""
    #: the same server as scan agents and browsers reach it, where that differs
    public_endpoint: str = ""
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    #: certificate of the authority that signed the server's, PEM; None: the usual ones
    ca: Path | None = None
    #: seconds to wait for a connection, and for each answer
    connect_s: float = 5.0
    read_s: float = 60.0
    #: how often an object is tried as a whole
    tries: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, with the embedded defaults."""

    home: Path
    store: str = "file:"
    ledger: str = "sqlite:"
    queue: str = "inline:"
    connector: str = "folder:"
    delivery: DeliveryOptions = DeliveryOptions()
    targets: Mapping[str, TargetOptions] = field(default_factory=dict)
    lang: str = "vi"
    #: least important lines in the log of a service: debug, info, warning, error
    log: str = "warning"
    #: folder with an operator's own document types, besides ours
    doctypes: Path | None = None
    jobs: int = field(default_factory=lambda: max(1, min(4, os.cpu_count() or 1)))
    pages: PageOptions = PageOptions()
    engine: EngineOptions = EngineOptions()
    output: OutputOptions = OutputOptions()
    signing: SigningOptions = SigningOptions()
    api: ApiOptions = ApiOptions()
    s3: S3Options = S3Options()
    #: pages a read job takes at most
    job_pages: int = 16
    #: seconds a claimed job may go without a heartbeat before somebody else takes it
    lease_s: float = 120.0
    #: how often a job may be claimed before its pages end FAILED
    attempts: int = 3

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Settings from `given` (None values ignored), `DIGITIZER_*` and the home's `config.toml`.

        Raises ConfigError for an unknown name, a wrong type or an unreadable file.
        """
        environ = os.environ if environ is None else environ
        given = {name: value for name, value in given.items() if value is not None}
        default_home = environ.get("DIGITIZER_HOME") or platformdirs.user_data_path("digitizer")
        home = Path(given.pop("home", default_home)).expanduser().absolute()
        values = _merged(_merged(_from_file(home / "config.toml"), _from_environment(environ)), given)
        settings: Settings = _build(cls(home=home), values, "settings")
        if settings.lang not in ("vi", "en"):
            raise ConfigError("lang must be vi or en", lang=settings.lang)
        if settings.log not in ("debug", "info", "warning", "error"):
            raise ConfigError("log must be debug, info, warning or error", log=settings.log)
        if settings.pages.mode not in ("skip", "redo", "force"):
            raise ConfigError("pages.mode must be skip, redo or force", mode=settings.pages.mode)
        return settings

    @property
    def scratch(self) -> Path:
        """Folder for files in the making."""
        return self.home / "scratch"


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError(f"{path} cannot be read: {exc}", file=str(path)) from exc


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` over `below`, group by group."""
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        merged[name] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """`DIGITIZER_STORE=…` sets `store`, `DIGITIZER_ENGINE__THREADS=2` sets `engine.threads`."""
    values: dict[str, Any] = {}
    for name, text in environ.items():
        if not name.startswith("DIGITIZER_") or name == "DIGITIZER_HOME" or not text:
            continue
        *groups, leaf = name.removeprefix("DIGITIZER_").lower().split("__")
        into = values
        for group in groups:
            into = into.setdefault(group, {})
            if not isinstance(into, dict):
                raise ConfigError(f"{name} and the variable of its group cannot both be set", setting=name)
        if isinstance(into.get(leaf), dict):
            raise ConfigError(f"{name} and a variable within it cannot both be set", setting=name)
        into[leaf] = text
    return values


def _build(default: Any, values: Mapping[str, Any], where: str) -> Any:
    """`default` (a frozen dataclass) with `values` put in, converted to the type of what they replace."""
    known = {f.name: f for f in fields(default)}
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known or name == "home":
            raise ConfigError(f"unknown setting {where}.{name}", setting=name)
        changes[name] = _convert(getattr(default, name), str(known[name].type), value, f"{where}.{name}")
    return replace(default, **changes)


def _convert(old: Any, annotation: str, value: Any, where: str) -> Any:
    if hasattr(old, "__dataclass_fields__"):
        if hasattr(value, "__dataclass_fields__"):
            return value
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} must be a table", setting=where)
        return _build(old, value, where)
    if annotation == "Mapping[str, TargetOptions]":
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} must be a table", setting=where)
        return {name: _convert(TargetOptions(), "", table, f"{where}.{name}") for name, table in value.items()}
    kind = annotation.partition(" |")[0]
    try:
        if kind == "Path":
            return Path(value).expanduser()
        if kind in ("int", "float", "str"):
            return {"int": int, "float": float, "str": str}[kind](value)
    except (TypeError, ValueError) as exc:
        raise ConfigError(f"{where} must be {kind}", setting=where) from exc
    raise ConfigError(f"{where} cannot be set", setting=where)
