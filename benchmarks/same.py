"""Compares two folders of results: `benchmarks/same.py BEFORE AFTER`, each written by `digitizer ingest … --output FOLDER`.

JSON results are compared value by value, without `run`, which holds seconds and versions. PDFs are compared byte by byte. Any
other file must have the same bytes too. Prints each difference with its place and ends with exit code 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf

#: keys of a result that two runs never share
IGNORED = {"run"}
#: differences told of each file
SHOWN = 20


def main() -> int:
    """Says what differs between two folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--shown", type=int, default=SHOWN, help="differences told of each file")
    given = parser.parse_args()
    before, after = files(given.before), files(given.after)
    if not before and not after:
        parser.error("both folders are empty")
    differ = 0
    for name in sorted(before | after):
        if name not in after or name not in before:
            found = [f"only in {given.before if name in before else given.after}"]
        else:
            found = list(differences(given.before / name, given.after / name))
        differ += bool(found)
        for line in found[: given.shown]:
            print(f"{name}: {line}")
        if len(found) > given.shown:
            print(f"{name}: {len(found) - given.shown} more")
    print(f"{len(before | after)} files, {differ} differ")
    return 1 if differ else 0


def files(folder: Path) -> set[str]:
    """Paths of the files below `folder`, relative to it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def differences(before: Path, after: Path) -> Iterator[str]:
    """What differs between two files of one name."""
    if before.read_bytes() == after.read_bytes():
        return
    if before.suffix == ".json":
        old, new = (without_run(json.loads(path.read_text(encoding="utf-8"))) for path in (before, after))
        yield from values(old, new, "")
    elif before.suffix == ".pdf":
        yield from parts(before, after)
    else:
        yield "bytes differ"


def without_run(result: Any) -> Any:
    """A result without what two runs never share."""
    return {key: value for key, value in result.items() if key not in IGNORED} if isinstance(result, dict) else result


def values(before: Any, after: Any, place: str) -> Iterator[str]:
    """The values of two JSON documents that differ, each with its place: `.pages[0].lines[3].text: "a" -> "b"`."""
    if isinstance(before, dict) and isinstance(after, dict):
        if list(before) != list(after) and before.keys() == after.keys():
            yield f"{place or '.'}: keys in another order"
        for key in [*before, *(key for key in after if key not in before)]:
            if key in before and key in after:
                yield from values(before[key], after[key], f"{place}.{key}")
            else:
                yield f"{place}.{key}: only {'before' if key in before else 'after'}"
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield f"{place}: {len(before)} -> {len(after)} items"
        for number, (old, new) in enumerate(zip(before, after, strict=False)):
            yield from values(old, new, f"{place}[{number}]")
    elif type(before) is not type(after) or before != after:
        yield f"{place}: {json.dumps(before, ensure_ascii=False)} -> {json.dumps(after, ensure_ascii=False)}"


def parts(before: Path, after: Path) -> Iterator[str]:
    """The parts of two PDFs whose bytes differ."""
    with pikepdf.open(before) as old, pikepdf.open(after) as new:
        said = False
        for line in _parts(old, new):
            said = True
            yield line
        if not said:
            yield "bytes differ, pages and metadata do not"


def _parts(old: pikepdf.Pdf, new: pikepdf.Pdf) -> Iterator[str]:
    if len(old.pages) != len(new.pages):
        yield f"{len(old.pages)} -> {len(new.pages)} pages"
    for number, (one, other) in enumerate(zip(old.pages, new.pages, strict=False), start=1):
        if _content(one) != _content(other):
            yield f"page {number}: content differs"
        if _images(one) != _images(other):
            yield f"page {number}: images differ"
        if list(one.mediabox) != list(other.mediabox):
            yield f"page {number}: size differs"
    if _metadata(old) != _metadata(new):
        yield "metadata differs"


def _content(page: pikepdf.Page) -> bytes:
    return pikepdf.unparse_content_stream(pikepdf.parse_content_stream(page))


def _images(page: pikepdf.Page) -> list[tuple[str, bytes]]:
    return sorted((str(name), image.read_raw_bytes()) for name, image in page.get_images().items())


def _metadata(pdf: pikepdf.Pdf) -> bytes:
    return pdf.Root.Metadata.read_bytes() if "/Metadata" in pdf.Root else b""


if __name__ == "__main__":
    sys.exit(main())
