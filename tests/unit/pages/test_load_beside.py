"""What a PDF says beside the content of its pages is kept, and a PDF without pages of its own is refused with its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pikepdf
import pymupdf
import pytest
import tifffile

from digitizer.errors import PdfPortfolio, XfaForm
from digitizer.pages import ScanFile
from digitizer.settings import PageOptions


def said(path: Path) -> tuple[list[tuple[str, str, str]], list[str]]:
    """((kind, name, text) beside the first page, codes of its problems)."""
    with ScanFile(path, source="5" * 64, options=PageOptions()) as file:
        scan = file.read(0)
    return [(one.kind, one.name, one.text) for one in scan.beside], [problem.code for problem in scan.problems]


def test_notes_fields_and_names_of_attached_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as pdf:
        page = pdf.new_page()
        page.insert_text((72, 72), "ĐƠN XIN")
        page.add_text_annot((500, 50), "đã gọi điện cho ông A").set_info(title="Lan")
        page.add_freetext_annot((72, 700, 300, 720), "drawn on the page, so read from it")
        widget = pymupdf.Widget()
        widget.field_type, widget.field_name, widget.field_value = pymupdf.PDF_WIDGET_TYPE_TEXT, "hoTen", "LÒ THỊ MAI"
        widget.rect = pymupdf.Rect(72, 100, 300, 120)
        page.add_widget(widget)
        pdf.embfile_add("phu-luc.docx", b"x")
        pdf.save(path)
    beside, problems = said(path)
    assert beside == [
        ("note", "Lan", "đã gọi điện cho ông A"),
        ("form_field", "hoTen", "LÒ THỊ MAI"),
        ("attachment", "", "phu-luc.docx"),
    ]
    assert problems == ["notes_beside"]


def test_a_page_without_notes_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as pdf:
        pdf.new_page().insert_text((72, 72), "ĐƠN XIN")
        pdf.save(path)
    assert said(path) == ([], [])


def test_a_note_too_long_is_cut_and_too_many_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as pdf:
        page = pdf.new_page()
        for number in range(210):
            page.add_text_annot((50, 50), f"{number}," * 1000)
        pdf.save(path)
    with ScanFile(path, source="5" * 64, options=PageOptions()) as file:
        (problem,) = file.read(0).problems
    assert problem.facts == {"count": 210}
    beside, _ = said(path)
    assert len(beside) == 200
    assert {len(text) for _, _, text in beside} == {2000}


def form(path: Path, *, xfa: bool, fields: bool, rendering: bool = False) -> None:
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        made = pikepdf.Dictionary(Fields=pikepdf.Array())
        if fields:
            field = pdf.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T="a", V="1", Rect=[10, 10, 90, 30]
                )
            )
            made.Fields.append(field)
            pdf.pages[0].obj.Annots = pikepdf.Array([field])
        if xfa:
            made.XFA = pdf.make_stream(b"<xdp/>")
        pdf.Root.AcroForm = made
        if rendering:
            pdf.Root.NeedsRendering = True
        pdf.save(path)


@pytest.mark.parametrize(("fields", "rendering"), [(False, False), (True, True)])
def test_a_form_that_a_program_draws_is_refused(tmp_path: Path, fields: bool, rendering: bool) -> None:
    form(tmp_path / "a.pdf", xfa=True, fields=fields, rendering=rendering)
    with pytest.raises(XfaForm):
        said(tmp_path / "a.pdf")


@pytest.mark.parametrize("xfa", [False, True])
def test_a_form_with_pages_of_its_own_is_read(tmp_path: Path, xfa: bool) -> None:
    form(tmp_path / "a.pdf", xfa=xfa, fields=True)
    assert said(tmp_path / "a.pdf") == ([("form_field", "a", "1")], [])


def test_a_portfolio_is_refused_and_names_its_files(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        for number in range(7):
            pdf.attachments[f"{number}.pdf"] = b"%PDF-1.7"
        pdf.Root.Collection = pikepdf.Dictionary(Type=pikepdf.Name.Collection)
        pdf.save(path)
    with pytest.raises(PdfPortfolio) as refused:
        said(path)
    assert refused.value.facts == {"files": "0.pdf, 1.pdf, 2.pdf, 3.pdf, 4.pdf", "count": 7}


def test_a_bigtiff_is_a_tiff(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.full((300, 400, 3), 200, np.uint8), bigtiff=True, photometric="rgb")
    assert path.read_bytes()[:4] == b"II+\0"
    with ScanFile(path, source="5" * 64, options=PageOptions()) as file:
        assert (file.inspection.media_type, file.read(0).pixels.shape) == ("image/tiff", (300, 400, 3))
