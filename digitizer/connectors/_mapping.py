"""Mappings declare the HTTP interface of a dossier system: `mappings/<name>.toml` here, or in `<home>/mappings/`.

Every call is a table with `method`, `path` (below `base`), `body` (`json`, `form`, `multipart`), `fields` and `headers`. Its
`answer` gives paths into the JSON answer (`id = "data.id"`). Values are templates: `{dossier}`. A template that is only one
name keeps the type of its value. Secrets stand in `<home>/secrets/<name>.toml`, never here or in a URL.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from digitizer.errors import AttachRefused, ConfigError

#: names that templates of calls with a file may use
_FILE = {"delivery", "number", "dossier", "component", "agency", "name", "media_type", "sha256", "size", "kind", "type_code",
         "doctype", "title", "pages", "doc_number", "notation", "issued", "organ", "subject", "confidence", "format"}  # fmt: skip
#: call -> names that its templates may use
NAMES = {
    "attach": _FILE,
    "attach_result": _FILE,
    "update_fields": {"delivery", "number", "dossier", "component", "agency", "name", "doctype", "record", "revision", "values"},
    "read_back": {*_FILE, "id"},
    "lookup": {*_FILE, "id"},
    "remove": {*_FILE, "id"},
    "find": {"dossier"},
    "list_dossiers": {"first", "last", "page"},
}
#: keys of a mapping
_TOP = {"base", "idempotent", "after_approval", "timeout_s", "codes", "auth", "resumable", *NAMES}
#: keys of a call
_CALL = {"method", "path", "body", "file", "fields", "headers", "answer", "items", "required", "content"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of the mapping."""

    name: str
    method: str
    path: str
    #: json, form, multipart
    body: str = "json"
    #: name of the part, or of the JSON field (base64), that holds the file
    file: str = "file"
    fields: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    #: name of a value -> dotted path in the answer
    answer: Mapping[str, str] = field(default_factory=dict)
    #: dotted path of the list in an answer that holds one
    items: str = ""
    #: fields that must not be empty
    required: tuple[str, ...] = ()
    #: the answer is the file itself
    content: bool = False

    def url(self, facts: Mapping[str, Any]) -> str:
        """The path with `facts` filled in, each quoted for a URL."""
        return self.path.format_map(_Known(facts, lambda value: quote(value, safe="")))

    def values(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with `facts` filled in, without empty ones. Raises AttachRefused when a required one is empty."""
        filled = {name: fill(template, facts) for name, template in self.fields.items()}
        missing = [name for name in self.required if filled.get(name) in (None, "")]
        if missing:
            raise AttachRefused("this system wants data that is not known or not approved yet", missing=", ".join(missing))
        return {name: value for name, value in filled.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """The whole interface of a dossier system."""

    name: str
    #: path that all calls begin with
    base: str
    #: call -> its request. A call that is not here is not offered
    calls: Mapping[str, Call]
    #: the system recognises a repeat by its Idempotency-Key
    idempotent: bool = True
    #: files are sent only when a person has approved the values
    after_approval: bool = False
    timeout_s: float = 60.0
    #: document type -> code of this system
    codes: Mapping[str, str] = field(default_factory=dict)
    auth: Mapping[str, str] = field(default_factory=dict)
    #: settings for uploads by the tus protocol 1.0.0: `above_bytes`, `chunk_bytes`, `path`, `fields`
    resumable: Mapping[str, Any] = field(default_factory=dict)


def load(name: str, home: Path) -> Interface:
    """The mapping called `name`. The operator's file goes before ours. Raises ConfigError that names file and key."""
    own = home / "mappings" / f"{name}.toml"
    shipped = files("digitizer.connectors") / "mappings" / f"{name}.toml"
    if not name.replace("-", "").replace("_", "").isalnum() or not (own.is_file() or shipped.is_file()):
        raise ConfigError("there is no such mapping", file=str(own))
    try:
        plain = tomllib.loads(own.read_text(encoding="utf-8") if own.is_file() else shipped.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError(f"the mapping cannot be read: {exc}", file=str(own)) from exc
    return _mapping(name, plain)


def secrets(name: str, home: Path) -> dict[str, str]:
    """Name -> secret from `<home>/secrets/<name>.toml`. Empty when there is no such file. Raises ConfigError."""
    path = home / "secrets" / f"{name}.toml"
    try:
        return {key: str(value) for key, value in tomllib.loads(path.read_text(encoding="utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError("the secrets file cannot be read", file=str(path)) from exc


def fill(template: Any, facts: Mapping[str, Any]) -> Any:
    """`template` with `facts` filled in, also within tables and lists. A template that is one name keeps the value's type."""
    if isinstance(template, Mapping):
        return {name: fill(value, facts) for name, value in template.items()}
    if isinstance(template, list):
        return [fill(value, facts) for value in template]
    if not isinstance(template, str):
        return template
    parts = list(string.Formatter().parse(template))
    if len(parts) == 1 and parts[0][1] and not (parts[0][0] or parts[0][2]):
        return facts.get(parts[0][1])
    return template.format_map(_Known(facts, str))


def dig(answer: Any, path: str) -> Any:
    """The value at a dotted path of a JSON answer, or None."""
    for part in path.split(".") if path else []:
        if isinstance(answer, Mapping):
            answer = answer.get(part)
        elif isinstance(answer, list) and part.isdigit() and int(part) < len(answer):
            answer = answer[int(part)]
        else:
            return None
    return answer


class _Known(dict[str, Any]):
    """Facts for a template. Numbers stay, so that `{number:06}` works. Texts go through `write`. Unknown names are empty."""

    def __init__(self, facts: Mapping[str, Any], write: Callable[[str], str]) -> None:
        super().__init__({name: v if isinstance(v, int) else write("" if v is None else str(v)) for name, v in facts.items()})

    def __missing__(self, key: str) -> str:
        return ""


def _mapping(name: str, plain: Mapping[str, Any]) -> Interface:
    unknown = set(plain) - _TOP
    if unknown:
        raise ConfigError("a mapping has no such key", mapping=name, key=min(unknown))
    calls = {key: _call(name, key, plain[key]) for key in NAMES if key in plain}
    simple = ("idempotent", "after_approval", "timeout_s", "codes", "auth", "resumable")
    if plain.get("resumable") and "lookup" not in calls:
        raise ConfigError("resumable uploads need a lookup", mapping=name, key="resumable")
    return Interface(name=name, base=plain.get("base", ""), calls=calls, **{key: plain[key] for key in simple if key in plain})


def _call(mapping: str, name: str, plain: Any) -> Call:
    if not isinstance(plain, Mapping) or "path" not in plain or set(plain) - _CALL:
        raise ConfigError("a call has path, method, body, fields, headers, answer and nothing else", mapping=mapping, key=name)
    used = _names(plain["path"]) | _names(plain.get("fields", {})) | _names(plain.get("headers", {}))
    if used - NAMES[name]:
        raise ConfigError("a template names something unknown", mapping=mapping, key=f"{name}: {min(used - NAMES[name])}")
    if plain.get("body", "json") not in ("json", "form", "multipart"):
        raise ConfigError("body is json, form or multipart", mapping=mapping, key=name)
    method = {"attach": "POST", "attach_result": "POST", "update_fields": "PUT", "remove": "DELETE"}.get(name, "GET")
    return Call(**{"name": name, "method": method, **plain, "required": tuple(plain.get("required", ()))})


def _names(template: Any) -> set[str]:
    if isinstance(template, Mapping):
        return {name for value in template.values() for name in _names(value)}
    if isinstance(template, list):
        return {name for value in template for name in _names(value)}
    if not isinstance(template, str):
        return set()
    try:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError as exc:
        raise ConfigError("a template cannot be read", key=template) from exc
