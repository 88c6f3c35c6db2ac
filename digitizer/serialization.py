"""Our dataclasses as JSON bytes and back, for the store and the ledger. The public result format is another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.json import JsonConverter, make_converter

from digitizer.model import PageText

T = TypeVar("T")


def _converter() -> JsonConverter:
    converter = make_converter()
    converter.register_unstructure_hook_func(
        lambda cls: cls is np.ndarray or getattr(cls, "__origin__", None) is np.ndarray, lambda array: array.tolist()
    )
    converter.register_structure_hook_func(
        lambda cls: cls is np.ndarray or getattr(cls, "__origin__", None) is np.ndarray,
        lambda value, _: np.asarray(value, dtype=np.float64),
    )
    converter.register_unstructure_hook(Path, str)
    converter.register_structure_hook(Path, lambda value, _: Path(value))
    converter.register_structure_hook(
        str | bool | tuple[str, ...] | None, lambda value, _: tuple(value) if isinstance(value, list) else value
    )
    # pages read by earlier versions lie in stores under this key
    kept_key = override(rename="old_text")
    converter.register_structure_hook(PageText, make_dict_structure_fn(PageText, converter, embedded_text_fate=kept_key))
    converter.register_unstructure_hook(PageText, make_dict_unstructure_fn(PageText, converter, embedded_text_fate=kept_key))
    return converter


_CONVERTER = _converter()


def to_plain(value: Any) -> Any:
    """`value` (one of the types of `model`) as dicts, lists, strings and numbers."""
    return _CONVERTER.unstructure(value)


def from_plain(cls: type[T], value: Any) -> T:
    """What `to_plain` gave, as `cls`."""
    return _CONVERTER.structure(value, cls)


def dump(value: Any) -> bytes:
    """`value` as UTF-8 JSON. Equal values give equal bytes."""
    text = json.dumps(to_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_number)
    return text.encode()


def _number(value: Any) -> Any:
    """A NumPy scalar as a Python number, because stages compute with arrays."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def load(cls: type[T], data: bytes | str) -> T:
    """What `dump` wrote, as `cls`."""
    return from_plain(cls, json.loads(data))
