"""Finds adapters: the one place that turns a name or a URL scheme into a module."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType

from digitizer.errors import ConfigError


def scheme(url: str) -> str:
    """`s3://host/bucket` -> `s3`, `rest+https://host` -> `rest`, `inline:` -> `inline`."""
    return url.partition(":")[0].partition("+")[0]


def load(port: str, name: str) -> ModuleType:
    """The adapter `name` of `port` (a package of ours, say `digitizer.storage`).

    A module of that name inside the package comes first, then an entry point of the group named like the package.
    Raises ConfigError when there is neither.
    """
    if name.isidentifier() and not name.startswith("_"):
        full_name = f"{port}.{name}"
        try:
            return import_module(full_name)
        except ModuleNotFoundError as exc:
            if exc.name != full_name:
                raise
    for point in entry_points(group=port, name=name):
        module = point.load()
        if isinstance(module, ModuleType):
            return module
    raise ConfigError(f"{port} has no adapter called {name!r}", sentence="no_adapter", adapter=name)
