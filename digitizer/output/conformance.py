"""PDF/A-2b: made, checked after writing, and where it cannot be had, not claimed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pikepdf
from pikepdf import Pdf, pdfa

from digitizer.output.metadata import is_ours, with_entries

_FLAVOUR = "2b"


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
    report = pdfa.validate_written(target, _FLAVOUR, settings)
    return tuple(sorted({finding.rule for finding in report.findings if not is_ours(finding.rule, finding.message)}))


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
