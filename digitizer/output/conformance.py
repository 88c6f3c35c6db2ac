"""PDF/A-2b: made, checked after writing, and where it cannot be had, not claimed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pikepdf
from pikepdf import Name, Pdf, Stream, pdfa

from digitizer.output.metadata import is_ours, with_entries

_FLAVOUR = "2b"
#: what pikepdf's validator says where it does not judge
_UNJUDGED = "JPEG 2000 images are not supported"
#: bytes of a JPEG 2000 within which its header lies; sRGB, grey, sYCC; a depth that is not the same for all channels
_HEADER, _COLOUR_SPACES, _VARIES = 4096, (16, 17, 18), 255


def save(pdf: Pdf, target: Path, entries: Mapping[str, str]) -> tuple[str, ...]:
    """Writes `pdf` as PDF/A-2b with `entries` in its metadata; a plain PDF, and the rules it breaks, where that cannot be."""
    pdfa.prepare(pdf, _FLAVOUR)
    _describe(pdf, entries)
    rules = _written(pdf, target)
    if not rules:
        return ()
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        # a file must not claim what it is not
        for claim in ("pdfaid:part", "pdfaid:conformance"):
            metadata.pop(claim, None)
        metadata.pop("xmp:MetadataDate", None)
    pdf.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return rules


def offenders(file: Path) -> frozenset[int]:
    """The pages of `file` that are no PDF/A even alone, from 0."""
    alone, found = file.with_suffix(".page"), set[int]()
    try:
        with Pdf.open(file) as pdf:
            for number, page in enumerate(pdf.pages):
                with Pdf.new() as single:
                    single.pages.append(page)
                    pdfa.prepare(single, _FLAVOUR)
                    if _written(single, alone):
                        found.add(number)
    finally:
        alone.unlink(missing_ok=True)
    return frozenset(found)


def _written(pdf: Pdf, target: Path) -> tuple[str, ...]:
    """Saves; the rules that are broken."""
    settings = pdfa.resolve_save_kwargs(_FLAVOUR, deterministic_id=True)
    pdf.save(target, **settings)
    findings = [f for f in pdfa.validate_written(target, _FLAVOUR, settings).findings if not is_ours(f.rule, f.message)]
    if any(_UNJUDGED in f.message for f in findings) and all(map(_allowed, _jpeg2000(pdf))):
        findings = [f for f in findings if _UNJUDGED not in f.message]
    return tuple(sorted({finding.rule for finding in findings}))


def _jpeg2000(pdf: Pdf) -> Iterator[Stream]:
    """The images of `pdf` that are JPEG 2000 and nothing else besides."""
    for item in pdf.objects:
        if isinstance(item, Stream) and item.get("/Subtype") == Name.Image and "/JPXDecode" in str(item.get("/Filter", "")):
            yield item


def _allowed(image: Stream) -> bool:
    """Whether PDF/A-2 allows this JPEG 2000 (ISO 19005-2, 6.2.8.3), which pikepdf's validator leaves to others.

    Read from the boxes of the JP2 header (ISO 15444-1, annex I): 1 or 3 channels of one depth, one colour space, grey or sRGB.
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
        # the same scans give the same file, whenever it is made
        metadata.pop("xmp:MetadataDate", None)
    packet = pdf.Root.Metadata
    packet.write(with_entries(packet.read_bytes(), entries))
