"""Value types, one a file: `<name>.py` with a `VALUE_TYPE`. A new file adds a type, which declarations may then name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from digitizer.extract.raw_text import clean
from digitizer.extract.value_type import Parsed, Value, ValueType

__all__ = ["TYPES", "Parsed", "Value", "ValueType", "clean", "read"]

#: name -> value type
TYPES: Mapping[str, ValueType] = {
    module.name: import_module(f"{__name__}.{module.name}").VALUE_TYPE for module in iter_modules(__path__)
}


def read(kind: str, raw: str) -> Parsed:
    """(value, problem code) of `raw` for a field of type `kind`."""
    return TYPES[kind].read(raw)
