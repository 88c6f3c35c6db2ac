"""What acts by itself or hides files is taken out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pikepdf
import pymupdf
from pikepdf import Array, Dictionary, Name, Pdf

from tests.unit.output.builders import a_line, copied, rendered, text_of, written
from tests.validators import findings


def active(tmp_path: Path) -> Path:
    """A PDF with a script, a launch action, an attachment, a form with a value, a link to launch and one to the web."""
    path = tmp_path / "active.pdf"
    with pymupdf.open() as drawn:
        page = drawn.new_page()
        page.insert_text((72, 72), "Don de nghi", fontsize=20)
        widget = pymupdf.Widget()
        widget.field_name, widget.field_type = "ten", pymupdf.PDF_WIDGET_TYPE_TEXT
        widget.rect, widget.field_value = pymupdf.Rect(72, 100, 300, 130), "Nguyen Van A"
        page.add_widget(widget)
        page.insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(72, 200, 200, 220), "uri": "https://example.org"})
        drawn.embfile_add("virus.exe", b"MZ")
        drawn.save(path)
    with Pdf.open(path, allow_overwriting_input=True) as pdf:
        script = Dictionary(S=Name.JavaScript, JS=b"app.alert(1)")
        pdf.Root.OpenAction = script
        pdf.Root.Names.JavaScript = Dictionary(Names=Array([b"a", script]))
        pdf.Root.AA = Dictionary(WC=script)
        pdf.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.Launch, F=b"cmd.exe"))
        launch = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], F=4, A=Dictionary(S=Name.Launch, F=b"cmd.exe"))
        pdf.pages[0].obj.Annots.append(pdf.make_indirect(launch))
        # what programs like to leave behind: the list of attachments shown first, a transition, a preview
        pdf.Root.PageMode = Name.UseAttachments
        pdf.pages[0].obj.Trans = Dictionary(S=Name.Dissolve)
        pdf.pages[0].obj.Thumb = pdf.make_stream(b"\0\0\0", Width=1, Height=1, ColorSpace=Name.DeviceRGB, BitsPerComponent=8)
        pdf.save()
    return path


def test_what_acts_by_itself_or_hides_files_is_taken_out_with_a_note(tmp_path: Path) -> None:
    path = active(tmp_path)
    text = replace(text_of("", words=("Don de nghi",)), lines=(a_line("Don de nghi", 60), a_line("Nguyen Van A", 120)))
    pdf, noticed = written(tmp_path, texts=[text], source=(path, "application/pdf"))
    assert "active_removed" in noticed
    assert "not_pdfa" not in noticed
    assert findings(pdf) == []
    with pikepdf.open(pdf) as opened:
        everything = b"".join(obj.unparse(resolved=True) for obj in opened.objects)
        for gone in (b"JavaScript", b"/Launch", b"EmbeddedFile", b"/AcroForm", b"/OpenAction", b"/AA"):
            assert gone not in everything
        assert b"https://example.org" in everything
    assert "Nguyen Van A" in copied(pdf)
    assert b"JavaScript" in path.read_bytes()


def test_what_acts_by_itself_in_a_signed_pdf_stays_and_is_told(tmp_path: Path) -> None:
    path = active(tmp_path)
    pdf, result = rendered(tmp_path, path, "application/pdf", signed=True)
    assert pdf.read_bytes() == path.read_bytes()
    told = {problem["code"]: problem.get("facts") for problem in result["problems"]}
    assert told == {"signed_unchanged": None, "signed_active": {"kinds": "actions, attachments, scripts"}}
