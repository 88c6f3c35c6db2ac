"""The archive copy: what three readers copy out of it, bookmarks, metadata, the visible mark, and what is taken out."""

from __future__ import annotations

import json
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pymupdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from digitizer.model import Box, Document, Field, PageText, Record, Verdict, Warp
from digitizer.output import Look, render
from digitizer.output.metadata import NAMESPACE
from tests.unit.output.test_pdf import WORDS, H, W, a_line, copied, decoded, hashed, jpeg, result_of, text_of
from tests.validators import findings, qpdf, verapdf

TITLES = {"birth_register": "Sổ đăng ký khai sinh", "decision": "Quyết định"}


def field(name: str, value: str, *, accepted: bool = True, page: int = 0, y: float = 100) -> Field:
    return Field(name=name, raw=value, value=value, confidence=0.99, accepted=accepted, page=page, box=Box(20, y, 300, y + 30))


def document(number: int, doctype: str | None, *records: tuple[Field, ...], pages: tuple[int, ...] = (0,)) -> Document:
    made = tuple(Record(id=f"b/{number}/{n}", fields=fields, verdict=Verdict.ACCEPT) for n, fields in enumerate(records))
    return Document(id=f"b/{number}", pages=pages, texts=pages, doctype=doctype, score=1.0, records=made)


def written(tmp_path: Path, *documents: Document, texts: list[PageText] | None = None, look: Look | None = None,
            source: tuple[Path, str] | None = None) -> tuple[Path, list[str]]:  # fmt: skip
    """The PDF of one file, and the codes of what was noticed."""
    path, kind = source or (jpeg(tmp_path), "image/jpeg")
    id_ = hashed(path)
    result = result_of({id_: (path, kind)}, [replace(t, source=id_) for t in texts or [text_of(id_)]])
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    result = replace(result, documents=documents)
    pdf, text = render(result, {id_: path}, name="a", into=out, decode=decoded(path), look=look or Look(titles=TITLES))
    return pdf.path, [p["code"] for p in json.loads(text.path.read_text())["problems"]]


def poppler(pdf: Path) -> str:
    return subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, check=True).stdout.decode()


def pdfium(pdf: Path) -> str:
    opened = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(page.get_textpage().get_text_range() for page in opened)
    finally:
        opened.close()


@pytest.mark.parametrize("reader", [poppler, pdfium, copied])
def test_three_readers_copy_exactly_what_was_read(tmp_path: Path, reader) -> None:  # type: ignore[no-untyped-def]
    words = (*WORDS, "Nguyễn Thị Ượng sinh 01/02/1999 tại ỦY BAN", "A", "12 B")
    pdf, _ = written(tmp_path, texts=[text_of("", words=words)])
    said = " ".join(reader(pdf).split())
    assert said == " ".join(words)
    assert unicodedata.is_normalized("NFC", said)


def test_words_are_found_by_searching(tmp_path: Path) -> None:
    pdf, _ = written(tmp_path, texts=[text_of("", words=("Nguyễn Thị Ượng",))])
    with pymupdf.open(pdf) as opened:
        assert opened[0].search_for("Nguyễn Thị Ượng")


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_words_stand_within_two_px_after_turning_and_dewarping(tmp_path: Path, rotation: int) -> None:
    grid = np.zeros((5, 4, 2))
    grid[..., 1] = np.linspace(-6, 6, 4)[None, :] ** 2 / 6
    skew = np.radians(1.5)
    turn = np.array([(np.cos(skew), -np.sin(skew), 9.0), (np.sin(skew), np.cos(skew), 4.0), (0, 0, 1)])
    warp = Warp(homography=turn, grid=grid, size=(W, H))
    text = text_of("", to_scan=warp, words=("một hai ba", "bốn năm"))
    text = replace(text, quality=replace(text.quality, rotation=rotation))
    pdf, _ = written(tmp_path, texts=[text])
    with pymupdf.open(pdf) as opened:
        page = opened[0]
        page.set_rotation(0)
        found = {word[4]: word for word in page.get_text("words")}
    for line in text.lines:
        for word in line.words:
            start = warp.points(np.array([(word.box.x0, word.box.y1)]))[0]
            x0, _, _, y1 = (v / 0.72 for v in found[word.text][:4])
            assert x0 == pytest.approx(start[0], abs=2)
            assert y1 == pytest.approx(max(start[1], warp.points(np.array([(word.box.x1, word.box.y1)]))[0][1]), abs=2)


def test_each_record_of_a_book_has_a_bookmark_that_leads_to_it(tmp_path: Path) -> None:
    book = document(0, "birth_register", (field("so", "12/2018"),), (field("so", "13/2018", accepted=False, y=500),))
    pdf, _ = written(tmp_path, book, document(1, "decision"))
    with pikepdf.open(pdf) as opened, opened.open_outline() as outline:
        assert [item.title for item in outline.root] == ["Sổ đăng ký khai sinh", "Quyết định"]
        first, second = outline.root[0].children
        assert [first.title, second.title] == ["số 12/2018", "Trường hợp 2"]
        height = float(opened.pages[0].mediabox[3])
        assert float(second.destination[3]) == pytest.approx(height - 500 * 0.72, abs=1)
    assert findings(pdf) == []


def test_one_paper_with_one_record_needs_no_bookmarks(tmp_path: Path) -> None:
    pdf, _ = written(tmp_path, document(0, "decision", (field("so", "5/QĐ-UBND"),)))
    with pikepdf.open(pdf) as opened:
        assert "/Outlines" not in opened.Root


def test_the_metadata_says_what_is_certain_and_nothing_else(tmp_path: Path) -> None:
    fields = (
        field("so", "27/QĐ-UBND"),
        field("trichYeu", "Về việc <công nhận> & khen thưởng"),
        field("coQuanBanHanh", "UBND xã Nậm Đíp", accepted=False),
    )
    pdf, _ = written(tmp_path, document(0, "decision", fields))
    with pikepdf.open(pdf) as opened, opened.open_metadata() as metadata:
        said = {key.removeprefix(f"{{{NAMESPACE}}}"): metadata[key] for key in metadata if NAMESPACE in key}
        assert metadata["dc:title"] == "Về việc <công nhận> & khen thưởng"
    assert said == {
        "TypeName": "Quyết định", "CodeNumber": "27", "CodeNotation": "QĐ-UBND", "Subject": "Về việc <công nhận> & khen thưởng",
        "Language": "Tiếng Việt", "PageAmount": "1",
    }  # fmt: skip


@pytest.mark.parametrize("rotation", [0, 90])
def test_the_mark_is_seen_at_the_top_left_and_does_not_join_the_text(tmp_path: Path, rotation: int) -> None:
    text = text_of("", rotation=rotation)
    plain, _ = written(tmp_path, texts=[text])
    before = pixels(plain)
    marked, _ = written(tmp_path, texts=[text], look=Look(titles={}, mark="ĐÃ SỐ HÓA"))
    changed = np.argwhere(np.abs(pixels(marked) - before).sum(axis=2) > 60)
    top, left = changed.min(axis=0)
    bottom, right = changed.max(axis=0)
    assert (10 < top < bottom < 50) and (10 < left < right < 140)
    assert len(changed) < 0.7 * (bottom - top) * (right - left), "letters, not a box"
    assert copied(marked) == copied(plain)
    assert findings(marked) == []


def pixels(pdf: Path) -> np.ndarray:  # type: ignore[type-arg]
    with pymupdf.open(pdf) as opened:
        shown = opened[0].get_pixmap(dpi=72)
    return np.frombuffer(shown.samples, np.uint8).reshape(shown.height, shown.width, 3).astype(int)


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


def test_a_picture_in_jpeg_2000_stays_as_it_is(tmp_path: Path) -> None:
    from PIL import Image

    tile = np.add.outer(np.arange(H) % 200, np.arange(W) % 50).astype(np.uint8)
    path = tmp_path / "a.pdf"
    with pymupdf.open() as drawn:
        page = drawn.new_page(width=W * 0.72, height=H * 0.72)
        Image.fromarray(tile).save(tmp_path / "a.jp2")
        page.insert_image(page.rect, filename=tmp_path / "a.jp2")
        drawn.save(path)
    with pikepdf.open(path) as opened:
        (before,) = opened.pages[0].get_images().values()
        assert before.Filter == Name.JPXDecode
        raw = before.read_raw_bytes()
    pdf, _ = written(tmp_path, texts=[text_of("", area=Box(0, 0, W * 0.72, H * 0.72))], source=(path, "application/pdf"))
    with pikepdf.open(pdf) as opened:
        (after,) = opened.pages[0].get_images().values()
        assert after.read_raw_bytes() == raw


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


def test_verapdf_and_qpdf_pass_what_we_write(tmp_path: Path) -> None:
    fields = (field("so", "27/QĐ-UBND"), field("trichYeu", "Về việc công nhận"))
    made = []
    for number, look in enumerate([Look(titles=TITLES), Look(titles=TITLES, mark="ĐÃ SỐ HÓA")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append(written(folder, document(0, "decision", fields), document(1, "birth_register", fields), look=look)[0])
        assert qpdf(made[-1]) == ""
    assert verapdf(*made) == dict.fromkeys(made, "PASS")


def test_forced_pages_are_pictures_without_the_text_of_the_input(tmp_path: Path) -> None:
    path = tmp_path / "font.pdf"
    with pymupdf.open() as drawn:
        drawn.new_page(width=W * 0.72, height=H * 0.72).insert_text((72, 72), "Sai het", fontsize=20)
        drawn.save(path)
    white = np.full((H, W, 3), 255, np.uint8)
    id_ = hashed(path)
    result = result_of({id_: (path, "application/pdf")}, [text_of(id_, area=Box(0, 0, W * 0.72, H * 0.72))])
    look = Look(rasterise=True)
    pdf, _ = render(result, {id_: path}, name="a", into=tmp_path, decode=lambda source, scan: white, look=look)
    assert "Sai" not in copied(pdf.path)
    assert " ".join(copied(pdf.path).split()) == " ".join(WORDS)
    assert findings(pdf.path) == []
