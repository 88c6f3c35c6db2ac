"""Removes the text a PDF page already has, or replaces the page by a picture of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Page, Pdf, Stream

from digitizer.errors import OutputInvalid
from digitizer.model import Sheet
from digitizer.output.images import Encoded, stream
from digitizer.output.page_geometry import placement
from digitizer.output.placement import affine, operands

#: text rendering mode that leaves no mark
_INVISIBLE = 3
#: longest content of a page or form, bytes. It holds a million operations, each a Python object of a kilobyte
_MOST_BYTES = 4_000_000
#: operators that show text (ISO 32000, 9.4.3)
_SHOWS = ("Tj", "TJ", "'", '"')


def fill(pdf: Pdf, page: Page, sheet: Sheet, encoded: Encoded) -> None:
    """Replaces the content of `page` by the picture `encoded`, placed where the scan of `sheet` lies. Only links stay."""
    # unit square of the image (y up) -> px of the scan (y down) -> user space of the page
    unit = placement(page, sheet) @ affine(sheet.width, 0, 0, -sheet.height, 0, sheet.height)
    numbers = " ".join(f"{value:.5f}" for value in operands(unit))
    page.obj.Resources = Dictionary(XObject=Dictionary(Scan=stream(pdf, encoded)))
    page.obj.Contents = pdf.make_indirect(Stream(pdf, f"q {numbers} cm /Scan Do Q\n".encode()))
    if "/Annots" in page.obj:
        page.obj.Annots = Array([note for note in page.obj.Annots if note.get("/Subtype") == Name.Link])


def drop_text(pdf: Pdf, page: Page, *, everything: bool = False) -> bool:
    """Removes the invisible text of an earlier OCR from `page`, with `everything` all text. True: visible text remains."""
    contents = page.obj.get("/Contents")
    _check_length(contents if isinstance(contents, Array) else [contents])
    content, remains = _without_text(pikepdf.parse_content_stream(page), everything)
    if content is not None:
        page.obj.Contents = pdf.make_indirect(Stream(pdf, content))
    resources = page.obj.get("/Resources", Dictionary())
    if content is not None and not remains and "/Font" in resources:
        # other pages may share these resources, so this page gets its own
        page.obj.Resources = Dictionary({key: value for key, value in resources.items() if key != "/Font"})
    return _drop_in_forms(resources, everything, set()) or remains


def _check_length(streams: Iterable[Any]) -> None:
    """Raises OutputInvalid where drawing operations are so many that looking at them takes gigabytes."""
    length = 0
    for part in streams:
        length += len(part.read_bytes()) if isinstance(part, Stream) else 0
        if length > _MOST_BYTES:
            raise OutputInvalid("a page has too many drawing operations", bytes=length)


def _drop_in_forms(resources: Object, everything: bool, done: set[tuple[int, int]]) -> bool:
    """Does the same in form XObjects and the forms inside them. An earlier OCR may have put its text layer there."""
    remains = False
    for form in resources.get("/XObject", Dictionary()).values():
        if form.get("/Subtype") != Name.Form or form.objgen in done:
            continue
        done.add(form.objgen)
        _check_length([form])
        content, seen = _without_text(pikepdf.parse_content_stream(form), everything)
        if content is not None:
            form.write(content)
            if not seen and "/Font" in form.get("/Resources", Dictionary()):
                form.Resources = Dictionary({key: value for key, value in form.Resources.items() if key != "/Font"})
        remains |= seen | _drop_in_forms(form.get("/Resources", Dictionary()), everything, done)
    return remains


def _without_text(instructions: Sequence[Any], everything: bool) -> tuple[bytes | None, bool]:
    """(content without the text, whether visible text remains). The content is None when nothing was removed.

    A text object with visible and invisible text stays as it is. Removing a part of it would move the rest.
    """
    mode, modes, kept, dropped, remains = 0, list[int](), list[Any](), False, False
    block, seen = 0, False
    for instruction in instructions:
        operator = str(instruction.operator)
        kept.append(instruction)
        if operator == "q":
            modes.append(mode)
        elif operator == "Q" and modes:
            mode = modes.pop()
        elif operator == "Tr":
            mode = int(instruction.operands[0])
        elif operator == "BT":
            block, seen = len(kept), False
        elif operator in _SHOWS:
            seen = seen or (mode != _INVISIBLE and not everything)
        elif operator == "ET":
            rest = kept[block:] if seen else [k for k in kept[block:] if str(k.operator) not in _SHOWS]
            dropped, remains = dropped or len(rest) < len(kept) - block, remains or seen
            kept[block:] = rest
    if dropped and not remains:
        # the caller removes the fonts, so no operator may name one
        kept = [instruction for instruction in kept if str(instruction.operator) != "Tf"]
    return (pikepdf.unparse_content_stream(kept) if dropped else None), remains
