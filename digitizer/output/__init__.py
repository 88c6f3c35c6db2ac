"""Originals + PageTexts + Records -> searchable PDF and `<name>.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from digitizer.model import Artifact, Digitized
from digitizer.output.light import write_light
from digitizer.output.pdf import Decode, Decode16, Decoders, PdfStyle, write_pdf
from digitizer.output.result import record_json, result_json, result_schema

__all__ = ["PdfStyle", "record_json", "render", "result_json", "result_schema", "write_light"]

_PLAIN = PdfStyle()


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
) -> tuple[Artifact, ...]:
    """Writes `<name>.pdf` and `<name>.json` of `result` to the folder `into` and returns both as artifacts.

    `files` maps source ids to files with the original bytes. A result that consists of one source in `signed` keeps its PDF
    unaltered. `decode` gives the pixels of a scan whose file a PDF cannot hold. `decode_16bit` gives those of a TIFF with
    16 bits a channel. Raises OutputInvalid.
    """
    pdf, text = into / f"{name}.pdf", into / f"{name}.json"
    decoders = Decoders(pixels=decode, image_16bit=decode_16bit)
    noticed = write_pdf(result, files, pdf, signed=signed, decode=decoders, style=style)
    result = replace(result, problems=(*result.problems, *noticed))
    text.write_text(json.dumps(result_json(result), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return (
        Artifact(name=pdf.name, media_type="application/pdf", path=pdf),
        Artifact(name=text.name, media_type="application/json", path=text),
    )
