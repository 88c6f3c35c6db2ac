"""PDF/A: what claims it passes veraPDF, and what cannot be it does not claim it."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from digitizer.output import PdfStyle
from tests.unit.output.builders import TITLES, document, field, written
from tests.validators import qpdf, verapdf


def test_what_cannot_be_pdfa_does_not_claim_to_be(tmp_path: Path) -> None:
    path = tmp_path / "asks.pdf"
    with pikepdf.new() as drawn:
        drawn.add_blank_page()
        drawn.Root.Requirements = pikepdf.Array(
            [pikepdf.Dictionary(Type=pikepdf.Name.Requirement, S=pikepdf.Name.EnableJavaScripts)]
        )
        drawn.save(path)
    pdf, noticed = written(tmp_path, source=(path, "application/pdf"))
    assert "not_pdfa" in noticed
    with pikepdf.open(pdf) as opened:
        assert b"pdfaid:part" not in opened.Root.Metadata.read_bytes()


@pytest.mark.slow
def test_verapdf_and_qpdf_pass_what_we_write(tmp_path: Path) -> None:
    fields = (field("so", "27/QĐ-UBND"), field("trichYeu", "Về việc công nhận"))
    made = []
    for number, style in enumerate([PdfStyle(titles=TITLES), PdfStyle(titles=TITLES, mark="ĐÃ SỐ HÓA")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append(written(folder, document(0, "decision", fields), document(1, "birth_register", fields), style=style)[0])
        assert qpdf(made[-1]) == ""
    assert verapdf(*made) == dict.fromkeys(made, "PASS")
