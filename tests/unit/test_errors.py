"""Errors: the published tree, exit codes, HTTP statuses, and which of them a caller may try again."""

from __future__ import annotations

import re

from digitizer import errors
from digitizer.errors import DigitizerError


def all_errors(root: type[DigitizerError] = DigitizerError) -> set[type[DigitizerError]]:
    """`root` and every error of ours below it."""
    ours = (sub for sub in root.__subclasses__() if sub.__module__.startswith("digitizer"))
    return {root, *(error for sub in ours for error in all_errors(sub))}


def shown() -> dict[str, tuple[str, str]]:
    """The tree in the docstring of `errors`: name -> (name of its base, what is noted beside it)."""
    tree: dict[str, tuple[str, str]] = {}
    bases: list[str] = []
    for lead, name, note in re.findall(r"^([│├└─ ]*)(DigitizerError|(?<=─ )\w+) *(.*)$", errors.__doc__ or "", re.M):
        depth = len(lead) // 3
        bases = [*bases[:depth], name]
        tree[name] = (bases[depth - 1] if depth else "Exception", note)
    return tree


def noted(error: type[DigitizerError]) -> str:
    """What the tree has to say of an error: what it does not inherit."""
    base = error.__bases__[0]
    said = {"exit_code": f"exit {error.exit_code}", "http_status": f"HTTP {error.http_status}", "retry": "retry" * error.retry}
    return ", ".join(text for name, text in said.items() if text and getattr(error, name) != getattr(base, name, None))


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    assert shown() == {error.__name__: (error.__bases__[0].__name__, noted(error)) for error in all_errors()}


def test_exit_codes_and_classes_are_as_published() -> None:
    published = {"UsageError": 1, "InputError": 2, "EngineMissing": 3, "OutputInvalid": 4, "FileAccess": 5, "EngineError": 7,
                 "EncryptedPdf": 8, "ConfigError": 9, "DocTypeError": 9, "DigitizerError": 15, "ModelError": 22,
                 "ServiceError": 23,
                 "StoreFull": 23, "AttachError": 24, "ConnectorDown": 24}  # fmt: skip
    assert {name: getattr(errors, name).exit_code for name in published} == published
    assert {e.__name__ for e in all_errors() if e.retry} == {
        "ServiceError", "StoreDown", "StoreFull", "LedgerDown", "QueueDown", "Busy", "ConnectorDown", "ConnectorBusy",
        "ConnectorLogin", "ReadBackDiffers",
    }  # fmt: skip


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in all_errors()]
    assert len(set(codes)) == len(codes)
