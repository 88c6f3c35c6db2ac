"""Measures records on pages of hard structure: `benchmarks/structure.py --pages ../shared/data/pages_structure`.

A file is right when its documents have the types of the truth, in order, and its records are those of the truth. It is silent
when it is not right and no problem of a page or record says that something is missing.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measure import UNKNOWN, same  # noqa: E402
from benchmarks.run import items, remembered, save, tools_of, whole  # noqa: E402

#: a record of the result is the one of the truth from this share of its values on
_ALIKE = 0.34
#: problems that say something of the page is missing, unsure or not read
SAYING = frozenset(
    {"ink_outside", "unread_ink", "unreadable", "mirrored", "orientation_unsure", "cut_off", "cut_short", "row_without_partner"}
)


def main() -> int:
    """A line a file, then all of it into a results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--only", default="", help="files whose names hold this")
    parser.add_argument("--cache", type=Path, help="keeps readings in this folder, and takes them from there")
    parser.add_argument(
        "--details", action="store_true", help="also prints every accepted value that is wrong; it holds what was read"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    given = parser.parse_args()
    tools, files = tools_of("paddle"), []
    for path, truth in items(given.pages):
        if given.only not in path.name:
            continue
        result = remembered(path, tools, given.cache) if given.cache else whole(path, tools)
        found = judge(result, truth)
        files.append(found)
        print(f"{path.name}: {found.told()}", flush=True)
        if given.details:
            for note in found.wrong:
                print(f"    {note}")
    figures = total(files)
    print(figures)
    if not given.only:
        print(save({"folder": given.pages.name, **figures}, given.output, "structure"))
    return 0


@dataclass(slots=True, kw_only=True)
class Judged:
    """One file against its truth."""

    right: bool
    said: bool
    types: tuple[str, ...]
    wanted: int
    found: int
    matched: int
    values: int = 0
    exact: int = 0
    accepted: int = 0
    wrong: list[str] = field(default_factory=list)
    #: accepted values that another record of the file has at the same field
    strange: int = 0
    problems: tuple[str, ...] = ()

    def told(self) -> str:
        """One line."""
        state = "right" if self.right else "said" if self.said else "SILENT"
        records = f"records {self.matched}/{self.wanted}, {self.found} found; values {self.exact}/{self.values}"
        accepted = f"accepted {self.accepted}, {len(self.wrong)} wrong, {self.strange} of others"
        return f"{state}; {'+'.join(self.types)}; {records}; {accepted}; {' '.join(self.problems)}"


def judge(result: Any, truth: Mapping[str, Any]) -> Judged:
    """`result` against `truth`."""
    types = tuple(document.doctype or UNKNOWN for document in result.documents)
    wanted = [(document["type"], record) for document in truth["documents"] for record in document["records"]]
    found = [(document.doctype or UNKNOWN, record) for document in result.documents for record in document.records]
    pairs = matched([record["fields"] for _, record in wanted], [_values(record) for _, record in found])
    problems = Counter(problem.code for problem in _problems(result))
    judged = Judged(
        right=types == tuple(document["type"] for document in truth["documents"]) and len(found) == len(wanted) == len(pairs),
        said=bool(SAYING & problems.keys()),
        types=types,
        wanted=len(wanted),
        found=len(found),
        matched=len(pairs),
        problems=tuple(f"{code}*{times}" for code, times in problems.items()),
    )
    partners = {number: place for place, number in pairs.items()}
    judged.values = sum(len(record["fields"]) for _, record in wanted)
    for number, (_, record) in enumerate(found):
        true = wanted[partners[number]][1]["fields"] if number in partners else {}
        judged.exact += sum(same(f.value, true[f.name]) for f in record.fields if f.name in true)
        for f in record.fields:
            if f.accepted and f.value is not None:
                judged.accepted += 1
                if not same(f.value, true.get(f.name)):
                    judged.wrong.append(f"record {number} {f.name}: {f.value!r} for {true.get(f.name)!r}")
                    judged.strange += any(same(f.value, other["fields"].get(f.name)) for _, other in wanted)
    return judged


def matched(wanted: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """The record found for each wanted one, the most alike first, none twice."""
    alike = [
        (sum(same(values.get(name), value) for name, value in record.items()) / max(len(record), 1), place, number)
        for place, record in enumerate(wanted)
        for number, values in enumerate(found)
    ]
    pairs: dict[int, int] = {}
    for share, place, number in sorted(alike, key=lambda a: (-a[0], a[1], a[2])):
        if share >= _ALIKE and place not in pairs and number not in pairs.values():
            pairs[place] = number
    return pairs


def _values(record: Any) -> dict[str, Any]:
    return {f.name: f.value for f in record.fields}


def _problems(result: Any) -> Iterator[Any]:
    yield from result.problems
    for page in result.pages:
        yield from page.quality.problems
    for document in result.documents:
        for record in document.records:
            yield from record.reasons


def total(files: Sequence[Judged]) -> dict[str, Any]:
    """All files."""
    return {
        "files": len(files),
        "right": sum(f.right for f in files),
        "said": sum(f.said and not f.right for f in files),
        "silent": sum(not f.said and not f.right for f in files),
        "records": {
            "wanted": sum(f.wanted for f in files),
            "found": sum(f.found for f in files),
            "matched": sum(f.matched for f in files),
        },
        "values": {"exact": sum(f.exact for f in files), "all": sum(f.values for f in files)},
        "accepted": {
            "all": sum(f.accepted for f in files),
            "wrong": sum(len(f.wrong) for f in files),
            "of other records": sum(f.strange for f in files),
        },
    }


if __name__ == "__main__":
    sys.exit(main())
