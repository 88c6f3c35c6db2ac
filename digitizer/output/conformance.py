"""Writes PDF/A-2b and validates the file. A file that breaks a rule does not claim to be PDF/A."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import pikepdf
from pikepdf import Name, Pdf, Stream, pdfa

from digitizer.output.metadata import is_ours, with_entries

_FLAVOUR = "2b"
#: message of pikepdf's validator for JPEG 2000, which it does not check
_UNJUDGED = "JPEG 2000 images are not supported"
#: the header of a JPEG 2000 lies within so many bytes
_HEADER = 4096
#: enumerated colour spaces of JPEG 2000 that are allowed: sRGB, grey, sYCC
_COLOUR_SPACES = (16, 17, 18)
#: bit depth in the header of a JPEG 2000 whose channels differ in depth
_VARIES = 255


def save(pdf: Pdf, target: BinaryIO, entries: Mapping[str, str]) -> tuple[str, ...]:
    """Writes `pdf` as PDF/A-2b with `entries` in its metadata. Returns the rules it breaks, none for a valid file.

    A file that breaks a rule is written again as a plain PDF.
    """
    pdfa.prepare(pdf, _FLAVOUR)
    _describe(pdf, entries)
    rules = _written(pdf, target)
    if not rules:
        return ()
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        # a plain PDF must not claim to be PDF/A
        for claim in ("pdfaid:part", "pdfaid:conformance"):
            metadata.pop(claim, None)
        metadata.pop("xmp:MetadataDate", None)
    _anew(target)
    pdf.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return rules


def offenders(file: BinaryIO) -> frozenset[int]:
    """Indices, from 0, of the pages that break PDF/A even as a file of their own."""
    found = set[int]()
    file.seek(0)
    with Pdf.open(file) as pdf:
        for number, page in enumerate(pdf.pages):
            with Pdf.new() as single, io.BytesIO() as alone:
                single.pages.append(page)
                pdfa.prepare(single, _FLAVOUR)
                if _written(single, alone):
                    found.add(number)
    return frozenset(found)


def _anew(target: BinaryIO) -> None:
    target.seek(0)
    target.truncate()


def _written(pdf: Pdf, target: BinaryIO) -> tuple[str, ...]:
    """Saves `pdf` and returns the rules it breaks."""
    settings = pdfa.resolve_save_kwargs(_FLAVOUR, deterministic_id=True)
    _anew(target)
    pdf.save(target, **settings)
    target.seek(0)
    findings = [f for f in pdfa.validate_written(target, _FLAVOUR, settings).findings if not is_ours(f.rule, f.message)]
    if any(_UNJUDGED in f.message for f in findings) and all(map(_allowed, _jpeg2000(pdf))):
        findings = [f for f in findings if _UNJUDGED not in f.message]
    return tuple(sorted({finding.rule for finding in findings}))


def _jpeg2000(pdf: Pdf) -> Iterator[Stream]:
    """The JPEG 2000 images of `pdf`."""
    for item in pdf.objects:
        if isinstance(item, Stream) and item.get("/Subtype") == Name.Image and "/JPXDecode" in str(item.get("/Filter", "")):
            yield item


def _allowed(image: Stream) -> bool:
    """Whether PDF/A-2 allows this JPEG 2000 (ISO 19005-2, 6.2.8.3). pikepdf's validator does not check it.

    The boxes of the JP2 header say so (ISO 15444-1, annex I). It must have 1 or 3 channels of one depth and one colour space
    of `_COLOUR_SPACES`. A second filter around the JPEG 2000 is not allowed.
    """
    boxes = dict(_boxes(image.read_raw_bytes()[:_HEADER])) if image.get("/Filter") == Name.JPXDecode else {}
    header = list(_boxes(boxes.get(b"jp2h", b"")))
    sizes, colours = ([data for name, data in header if name == wanted] for wanted in (b"ihdr", b"colr"))
    if len(sizes) != 1 or len(colours) != 1 or len(sizes[0]) < 14 or len(colours[0]) < 7:
        return False
    channels, depth = int.from_bytes(sizes[0][8:10], "big"), sizes[0][10]
    named = colours[0][0] == 1 and int.from_bytes(colours[0][3:7], "big") in _COLOUR_SPACES
    return channels in (1, 3) and depth != _VARIES and named


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if length < 8:
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length


def _describe(pdf: Pdf, entries: Mapping[str, str]) -> None:
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata["pdf:Producer"] = "digitizer"
        metadata["dc:language"] = {"vi"}
        if entries.get("Subject"):
            metadata["dc:title"] = entries["Subject"]
        # without a date the same scans give the same bytes
        metadata.pop("xmp:MetadataDate", None)
    packet = pdf.Root.Metadata
    packet.write(with_entries(packet.read_bytes(), entries))
