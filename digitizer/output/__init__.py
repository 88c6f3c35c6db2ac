"""Originals + PageTexts + Records -> searchable PDF and `<name>.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from digitizer.model import Artifact, Digitized, Problem
from digitizer.output.pdf import Decode, Decode16, Decoders, PdfStyle, write_pdf
from digitizer.output.result import record_json, result_json, result_schema

__all__ = ["PdfStyle", "record_json", "render", "result_json", "result_schema", "write_here"]

_PLAIN = PdfStyle()


class Write(Protocol):
    """Writes the searchable PDF, as `write_pdf` of `caged.py` does with its limits."""

    def __call__(
        self,
        result: Digitized,
        files: Mapping[str, Path],
        target: Path,
        *,
        signed: frozenset[str],
        decode: Decoders,
        style: PdfStyle,
    ) -> tuple[Problem, ...]:
        """See `pdf.write_pdf`."""
        ...


def write_here(
    result: Digitized, files: Mapping[str, Path], target: Path, *, signed: frozenset[str], decode: Decoders, style: PdfStyle
) -> tuple[Problem, ...]:
    """Writes the PDF in this process, which has no walls. For files of ours only. Raises OutputInvalid."""
    with ExitStack() as ends:
        opened = {source: ends.enter_context(path.open("rb")) for source, path in files.items()}
        return write_pdf(result, opened, ends.enter_context(target.open("w+b")), signed=signed, decode=decode, style=style)


def render(
    result: Digitized,
    files: Mapping[str, Path],
    *,
    name: str,
    into: Path,
    decode: Decode,
    decode_16bit: Decode16 = lambda source, scan: None,
    signed: frozenset[str] = frozenset(),
    style: PdfStyle = _PLAIN,
    write: Write = write_here,
) -> tuple[Artifact, ...]:
    """Writes `<name>.pdf` and `<name>.json` of `result` to the folder `into` and returns both as artifacts.

    `files` maps source ids to files with the original bytes. A result that consists of one source in `signed` keeps its PDF
    unaltered. `decode` gives the pixels of a scan whose file a PDF cannot hold. `decode_16bit` gives those of a TIFF with
    16 bits a channel. `write` writes the PDF. Raises OutputInvalid.
    """
    pdf, text = into / f"{name}.pdf", into / f"{name}.json"
    decoders = Decoders(pixels=decode, image_16bit=decode_16bit)
    noticed = write(result, files, pdf, signed=signed, decode=decoders, style=style)
    result = replace(result, problems=(*result.problems, *noticed))
    text.write_text(json.dumps(result_json(result), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return (
        Artifact(name=pdf.name, media_type="application/pdf", path=pdf, problems=noticed),
        Artifact(name=text.name, media_type="application/json", path=text),
    )
