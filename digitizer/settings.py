"""Settings: the only reader of the environment and of `config.toml`.

A setting is found in this order: command line, `DIGITIZER_*` variable, `config.toml` in the home folder, default.
Every other module gets a frozen group of settings by argument.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    SerializationInfo,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from digitizer.errors import ConfigError
from digitizer.pace import quiet_hours

#: first part of the names of our variables
PREFIX = "DIGITIZER_"
#: file of settings in the home folder
FILE = "config.toml"
#: what stands between a group and a setting in the name of a variable
DELIMITER = "__"


def _shown(secret: SecretStr, info: SerializationInfo) -> str:
    """Stars, except for a worker of ours, which needs the secret itself."""
    return secret.get_secret_value() if (info.context or {}).get("reveal") else str(secret)


#: a value that is never printed: not by `repr`, not as JSON, not in a log
Secret = Annotated[SecretStr, PlainSerializer(_shown)]


def _quiet_hours(text: str) -> str:
    """`text`, which says hours of the day. Raises PydanticCustomError."""
    try:
        quiet_hours(text)
    except ValueError:
        raise PydanticCustomError("quiet_hours", "no hours of the day") from None
    return text


#: hours of the day by Hanoi time, `07:30-11:30, 13:30-17:00`
QuietHours = Annotated[str, AfterValidator(_quiet_hours)]
#: a path that may begin with `~`
UserPath = Annotated[Path, AfterValidator(Path.expanduser)]


class Group(BaseModel):
    """Settings that belong together. They never change, and an unknown name is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def changed(self, **changes: Any) -> Self:
        """The same settings with `changes`. Raises ValidationError for a wrong value."""
        return type(self).model_validate({**dict(self), **changes})


class Limits(Group):
    """What an untrusted file may cost. Checked before decoding."""

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


class PageOptions(Group):
    """How a file becomes pages."""

    limits: Limits = Limits()
    #: resolution for PDF pages that are not one scanned image, dots per inch
    render_dpi: int = 300
    #: text a PDF has of its own: `redo` believes what can be seen and is right, and reads again what is hidden. `skip` believes
    #: hidden text too where it is good Vietnamese. `force` keeps pictures of the pages only, no text of the input remains
    mode: Literal["redo", "skip", "force"] = "redo"


class OutputOptions(Group):
    """How the searchable PDF looks."""

    #: put on every page, top left, where an agency wants a visible mark of digitization (TT 05/2025/TT-BNV): `ĐÃ SỐ HÓA`
    mark: str = ""


class SigningOptions(Group):
    """Whose signature goes on PDFs, by `digitizer sign`."""

    #: `.p12` or `.pfx` file with certificate and key …
    pkcs12: UserPath | None = None
    #: … or the driver's library of a token, and the labels of token and key
    pkcs11: UserPath | None = None
    token: str = ""
    key: str = ""
    #: password or PIN. Better in DIGITIZER_SIGNING__SECRET than in a file
    secret: Secret = SecretStr("")
    #: name of the agency, as the signature shows it
    agency: str = ""
    #: PAdES: B-B, B-T (time stamp) or B-LT (with proofs for later)
    level: Literal["B-B", "B-T", "B-LT"] = "B-B"
    #: address of the time-stamp authority
    tsa: str = ""
    #: folder with the certificates of the authorities we trust, `.pem`, `.crt`, `.cer`. None is `<home>/authorities`
    authorities: UserPath | None = None


class EngineOptions(Group):
    """Which engine reads, and how."""

    #: name of a module in `digitizer/ocr/`
    name: str = "paddle"
    #: folder of recogniser weights (`inference.onnx`, `inference.yml`, `card.toml`). None is the one we ship
    recogniser: UserPath | None = None
    #: whether a second recogniser reads handwriting
    handwriting: bool = True
    #: folder of that recogniser's weights. None is the one we ship
    hands: UserPath | None = None
    #: folder of detector weights. None is the one we ship
    detector: UserPath | None = None
    #: threads of one engine
    threads: int = 1
    #: what the engine `replay` gives back, for tests only
    recording: UserPath | None = None


class DeliveryOptions(Group):
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
    quiet: QuietHours = ""


class TargetOptions(Group):
    """A further system that gets deliveries, beside `connector`: `[targets.<name>]` in `config.toml`."""

    url: str = ""
    #: agencies whose dossiers go there, and those below them, by comma: `H60.127, 000.00.19.H60`
    agencies: str = ""
    #: procedure codes whose dossiers go there, by comma
    procedures: str = ""
    concurrency: int = 8
    rate_per_minute: float = 0.0
    quiet: QuietHours = ""


class ApiOptions(Group):
    """What the HTTP server takes on, in all and for each key."""

    #: longest body of one upload, bytes
    body_bytes: int = 2_000_000_000
    #: longest body of any other request. 5,000 announced pages take half of it, bytes
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
    #: seconds an event stream lasts at most. Clients reconnect
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
    #: where intake systems leave objects, `s3://bucket/prefix`, below it `<agency>/…`. Empty is `incoming/` of an S3 store
    inbox: str = ""
    #: hours an upload session stays open
    session_hours: int = 24
    #: networks callbacks may go to besides the open Internet, `10.20.0.0/16, 127.0.0.0/8`, by http too
    callback_networks: str = ""
    #: hours an Idempotency-Key is remembered
    repeat_hours: int = 72


class StationOptions(Group):
    """How people log in to the review station."""

    #: minutes without a request after which a session ends
    idle_minutes: int = 30
    #: hours after which a session ends in any case
    session_hours: int = 12
    #: address of this server as browsers reach it, `https://ho-tich.example.gov.vn`, where a proxy stands before it
    public_url: str = ""
    #: agencies, and those below them, where whoever typed a value does not approve it. Empty: none. One PC alone is not bound
    four_eyes: str = "*"
    #: bytes of upright pages that are kept below `<home>/pictures` for looking at
    pictures_bytes: int = 500_000_000


class OpenIdOptions(Group):
    """Logging in with the accounts of an OpenID Connect provider, as a choice beside passwords."""

    #: address of the provider, `https://sso.example.gov.vn/realms/province`. Empty: passwords only
    issuer: str = ""
    client_id: str = ""
    client_secret: Secret = SecretStr("")
    #: claim that says who somebody is. `digitizer users add --external` names its value
    claim: str = "sub"
    #: the button's name, as people know the provider
    name: str = ""


class S3Options(Group):
    """Where S3 is and who we are there. Secrets belong in the environment or in a `config.toml` only we can read."""

    #: http(s)://host[:port]
    endpoint: str = ""
    #: the same server as scan agents and browsers reach it, where that differs
    public_endpoint: str = ""
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: Secret = SecretStr("")
    #: certificate of the authority that signed the server's, PEM. None is the usual ones
    ca: UserPath | None = None
    #: seconds to wait for a connection, and for each answer
    connect_s: float = 5.0
    read_s: float = 60.0
    #: how often an object is tried as a whole
    tries: int = 4


class SecurityOptions(Group):
    """What has to hold before anything is read."""

    #: start only where decoders of scans are caged by all of Landlock, seccomp and no_new_privs
    require_sandbox: bool = False


class Settings(Group):
    """Everything that can be set, with the embedded defaults."""

    home: Path
    store: str = "file:"
    ledger: str = "sqlite:"
    queue: str = "inline:"
    connector: str = "folder:"
    delivery: DeliveryOptions = DeliveryOptions()
    targets: dict[str, TargetOptions] = Field(default_factory=dict)
    lang: Literal["vi", "en"] = "vi"
    #: least important lines in the log of a service: debug, info, warning, error
    log: Literal["debug", "info", "warning", "error"] = "warning"
    #: folder with an operator's own document types, besides ours
    doctypes: UserPath | None = None
    jobs: int = Field(default_factory=lambda: max(1, min(4, os.cpu_count() or 1)))
    pages: PageOptions = PageOptions()
    engine: EngineOptions = EngineOptions()
    output: OutputOptions = OutputOptions()
    signing: SigningOptions = SigningOptions()
    api: ApiOptions = ApiOptions()
    station: StationOptions = StationOptions()
    openid: OpenIdOptions = OpenIdOptions()
    s3: S3Options = S3Options()
    security: SecurityOptions = SecurityOptions()
    #: pages a read job takes at most
    job_pages: int = 16
    #: seconds a claimed job may go without a heartbeat before somebody else takes it
    lease_s: float = 120.0
    #: how often a job may be claimed before its pages end FAILED
    attempts: int = 3

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Settings from `given` (None values ignored), `DIGITIZER_*` and the home's `config.toml`.

        Args:
            environ: variables, `os.environ` when None. `DIGITIZER_ENGINE__THREADS=2` sets `engine.threads`.
            given: settings of the command line by name, groups as mappings or whole.

        Raises:
            ConfigError: for an unknown name, a wrong value or an unreadable file.
        """
        environ = os.environ if environ is None else environ
        given = {name: value for name, value in given.items() if value is not None}
        default_home = environ.get(f"{PREFIX}HOME") or platformdirs.user_data_path("digitizer")
        home = Path(given.pop("home", default_home)).expanduser().absolute()
        variables = {n: v for n, v in environ.items() if n.startswith(PREFIX) and v and n != f"{PREFIX}HOME"}
        for name in variables:
            _check_name(cls, name)
        try:
            return cls._merged(home, variables, given)
        except ValidationError as exc:
            raise _refused(exc, home / FILE, variables, given) from None

    @classmethod
    def _merged(cls, home: Path, variables: Mapping[str, str], given: Mapping[str, Any]) -> Settings:
        """`given` over `variables` over the file in `home`. Raises ValidationError, ConfigError."""
        # imported here: a quarter of a second that workers and the children that decode files need not pay
        from pydantic_settings import (
            BaseSettings,
            EnvSettingsSource,
            PydanticBaseSettingsSource,
            SettingsConfigDict,
            SettingsError,
            TomlConfigSettingsSource,
        )

        path = home / FILE

        class Sources(cls, BaseSettings):  # type: ignore[valid-type, misc]
            model_config = SettingsConfigDict(env_prefix=PREFIX.lower(), env_nested_delimiter=DELIMITER)

            @classmethod
            def settings_customise_sources(
                cls,
                settings_cls: type[BaseSettings],
                init_settings: PydanticBaseSettingsSource,
                env_settings: PydanticBaseSettingsSource,
                dotenv_settings: PydanticBaseSettingsSource,
                file_secret_settings: PydanticBaseSettingsSource,
            ) -> tuple[PydanticBaseSettingsSource, ...]:
                assert isinstance(env_settings, EnvSettingsSource)
                env_settings.env_vars = {name.lower(): value for name, value in variables.items()}
                file = TomlConfigSettingsSource(settings_cls, path)
                if "home" in file.toml_data:
                    raise _unknown("home", str(path))
                return init_settings, env_settings, file

        try:
            found = Sources(home=home, **given)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
            raise ConfigError(
                f"{path} cannot be read: {exc}", sentence="config_unreadable", file=str(path), why=str(exc)
            ) from exc
        except SettingsError as exc:
            raise ConfigError(f"a group of settings must be a table: {exc}", setting=str(path)) from None
        return cls(**{name: getattr(found, name) for name in cls.model_fields})

    def for_worker(self) -> bytes:
        """These settings as one line of JSON for a worker of ours. The line holds the secrets: it goes into a pipe only."""
        return self.model_dump_json(context={"reveal": True}).encode()

    @classmethod
    def from_parent(cls, line: bytes) -> Settings:
        """What `for_worker` gave."""
        return cls.model_validate_json(line)

    @property
    def scratch(self) -> Path:
        """Folder for files in the making."""
        return self.home / "scratch"


def assigned(pairs: Sequence[str]) -> dict[str, Any]:
    """`engine.threads=2` of the command line as `{"engine": {"threads": "2"}}`. Raises ConfigError."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, is_pair, value = pair.partition("=")
        *groups, leaf = name.strip().split(".")
        if not is_pair or not leaf:
            raise ConfigError("write a setting as name=value", sentence="setting_without_value", setting=name)
        into = values
        for group in groups:
            into = into.setdefault(group, {})
            if not isinstance(into, dict):
                raise ConfigError(f"{name} and its group cannot both be set", sentence="setting_and_group", setting=name)
        into[leaf] = value
    return values


def _check_name(settings: type[Settings], variable: str) -> None:
    """Raises ConfigError where no setting is called like a variable."""
    parts = variable.removeprefix(PREFIX).lower().split(DELIMITER)
    inside: type[BaseModel] = settings
    number = 0
    while number < len(parts):
        name, part = ".".join(parts[: number + 1]), parts[number]
        if part not in inside.model_fields or part == "home":
            raise _unknown(name, variable)
        kind = inside.model_fields[part].annotation
        if part == "targets":
            # the next part is the name that the operator gave a target
            kind, number = TargetOptions, number + 1
        is_group, is_last = isinstance(kind, type) and issubclass(kind, BaseModel), number + 1 >= len(parts)
        if is_group and is_last and part != "targets":
            raise _wrong(name, variable, "table")
        if not is_group and not is_last:
            raise _wrong(name, variable, "no_table")
        if is_group:
            assert isinstance(kind, type)
            inside = kind
        number += 1


#: kind of value -> how an error says it. The kinds have sentences: `setting_not_whole_number` …
_KINDS = {
    "table": "must be a table",
    "no_table": "is no table",
    "whole_number": "must be a whole number",
    "number": "must be a number",
    "path": "must be a path",
    "text": "must be a text",
    "one_of": "must be one of the words it knows",
    "quiet_hours": "must be hours like 07:30-11:30, 13:30-17:00",
    "understood": "is not understood",
}
#: beginnings of what pydantic calls a fault -> kind of value that was expected
_EXPECTED = {
    "model_type": "table",
    "dict_type": "table",
    "int_": "whole_number",
    "float_": "number",
    "path_": "path",
    "string_": "text",
    "literal_": "one_of",
    "quiet_hours": "quiet_hours",
}


def _refused(found: ValidationError, file: Path, variables: Mapping[str, str], given: Mapping[str, Any]) -> ConfigError:
    """The first fault, by the name of its setting and where it was set. The value is not repeated: it may be a secret."""
    fault = found.errors(include_url=False, include_input=False)[0]
    place = [str(part) for part in fault["loc"]]
    name, source = ".".join(place), _source(place, file, variables, given)
    if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return _unknown(name, source)
    kind = next((kind for beginning, kind in _EXPECTED.items() if fault["type"].startswith(beginning)), "understood")
    return _wrong(name, source, kind, words=str(fault.get("ctx", {}).get("expected", "")).replace(" or ", ", "))


def _source(place: Sequence[str], file: Path, variables: Mapping[str, str], given: Mapping[str, Any]) -> str:
    """Where a setting was set: `--set`, the name of a variable, or the file."""
    inside: Any = given
    for part in place:
        inside = inside.get(part) if isinstance(inside, Mapping) else None
    if inside is not None:
        return "--set"
    variable = f"{PREFIX}{DELIMITER.join(place)}".upper()
    return variable if variable in variables else str(file)


def _unknown(name: str, source: str) -> ConfigError:
    return ConfigError(f"unknown setting {name} in {source}", sentence="setting_unknown", setting=name, source=source)


def _wrong(name: str, source: str, kind: str, **more: str) -> ConfigError:
    said = f"{name} of {source} {_KINDS[kind]}"
    return ConfigError(said, sentence=f"setting_not_{kind}", setting=name, source=source, **more)
