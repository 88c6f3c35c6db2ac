"""Pages, results and PDFs made by hand, for tests of what is written."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pikepdf
import pymupdf
import pypdfium2
from numpy.typing import NDArray
from PIL import Image

from digitizer.model import Box, Digitized, Document, Field, Line, PageText, Quality, Record, Run, Sheet, Source, Verdict, Warp
from digitizer.output import PdfStyle, caged, render
from digitizer.pages import ScanFile
from digitizer.settings import Limits, PageOptions
from tests.unit.builders import line, page_of

#: writes behind walls, as the product does
CAGED = partial(caged.write_pdf, limits=Limits())
#: px: width and height of a made-up scan
W, H = 700, 900
WORDS = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Họ, chữ đệm, tên: Đặng Thị Ngọc Ỷ", "Quê quán: Nậm Đíp, Lũng Giềng (ẵ ặ ỡ ợ ữ ự)")


def picture(colour: bool = True, bits: int = 8) -> Image.Image:
    down, across = np.mgrid[0:H, 0:W]
    pixels = np.stack([120 + down / 8, 250 - across / 6, 200 + 0 * down], axis=-1).astype(np.uint8)
    pixels[40:200, 60:160] = (220, 30, 40)
    image = Image.fromarray(pixels if colour else np.repeat(pixels[..., :1], 3, 2))
    return image.convert("L").point(lambda v: 255 * (v > 180)).convert("RGB") if bits == 1 else image


def a_line(text: str, y: float) -> Line:
    return line(text, x=20, y=y)


def text_of(source: str, scan: int = 0, *, size: tuple[int, int] = (W, H), area: Box | None = None, to_scan: Warp | None = None,
            rotation: int = 0, words: tuple[str, ...] = WORDS) -> PageText:  # fmt: skip
    """A page on which `words` were read; `size` is that of the scan, `to_scan` leads there."""
    lines = tuple(a_line(words[n], 60.0 + 60 * n) for n in range(len(words)))
    return replace(
        page_of(), source=source, scan=scan, width=W, height=H, dpi=100.0, sheet=Sheet(width=size[0], height=size[1], area=area),
        to_scan=to_scan or Warp.identity(), quality=Quality(rotation=rotation), lines=lines,
    )  # fmt: skip


def result_of(files: dict[str, tuple[Path, str]], texts: list[PageText]) -> Digitized:
    sources = tuple(Source(id=id_, key="", media_type=kind, size=path.stat().st_size) for id_, (path, kind) in files.items())
    return Digitized(
        bundle=sources[0].id, sources=sources, pages=tuple(texts), positions=tuple(range(len(texts))), documents=(), problems=(),
        run=Run(versions={}, models={}, doctypes="", seconds={}),
    )  # fmt: skip


def hashed(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def decoded(path: Path) -> Callable[[str, int], NDArray[np.uint8]]:
    def decode(source: str, scan: int) -> NDArray[np.uint8]:
        if path.suffix == ".pdf":
            with pymupdf.open(path) as pdf:
                drawn = pdf[scan].get_pixmap(dpi=100)
                return np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width, 3)
        with Image.open(path) as image:
            image.seek(scan)
            return np.asarray(image.convert("RGB"))

    return decode


def rendered(tmp_path: Path, path: Path, kind: str, texts: list[PageText] | None = None, **more: object) -> tuple[Path, dict]:  # type: ignore[type-arg]
    """Renders one file; (the PDF, the JSON)."""
    id_ = hashed(path)
    texts = [replace(t, source=id_) for t in (texts or [text_of(id_)])]
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)

    result = result_of({id_: (path, kind)}, texts)
    signed = frozenset([id_]) if more.get("signed") else frozenset[str]()
    with ExitStack() as ends:
        more = {"decode": decoded(path), **more, "signed": signed}
        if kind == "image/tiff":
            more["decode_16bit"] = lambda _, n: ends.enter_context(ScanFile(path, source=id_, options=PageOptions())).image_16bit(
                n
            )
        pdf, text = render(result, {id_: path}, name="a", into=out, write=CAGED, **more)  # type: ignore[arg-type]
    return pdf.path, json.loads(text.path.read_text(encoding="utf-8"))


def copied(pdf: Path, page: int = 0) -> str:
    with pymupdf.open(pdf) as opened:
        return opened[page].get_text()


def stored(pdf: Path) -> bytes:
    with pikepdf.open(pdf) as opened:
        (image,) = opened.pages[0].get_images().values()
        return image.read_raw_bytes()


def shown(pdf: Path) -> NDArray[np.uint8]:
    """The page at the resolution of its image."""
    with pymupdf.open(pdf) as opened:
        pixmap = opened[0].get_pixmap(dpi=100)
        return np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, 3)


def jpeg(tmp_path: Path, **save: object) -> Path:
    path = tmp_path / "a.jpg"
    picture().save(path, quality=90, **save)
    return path


TITLES = {"birth_register": "Sổ đăng ký khai sinh", "decision": "Quyết định"}


def field(name: str, value: str, *, accepted: bool = True, page: int = 0, y: float = 100) -> Field:
    return Field(name=name, raw=value, value=value, confidence=0.99, accepted=accepted, page=page, box=Box(20, y, 300, y + 30))


def document(number: int, doctype: str | None, *records: tuple[Field, ...], pages: tuple[int, ...] = (0,)) -> Document:
    made = tuple(Record(id=f"b/{number}/{n}", fields=fields, verdict=Verdict.ACCEPT) for n, fields in enumerate(records))
    return Document(id=f"b/{number}", pages=pages, texts=pages, doctype=doctype, score=1.0, records=made)


def written(tmp_path: Path, *documents: Document, texts: list[PageText] | None = None, style: PdfStyle | None = None,
            source: tuple[Path, str] | None = None) -> tuple[Path, list[str]]:  # fmt: skip
    """The PDF of one file, and the codes of what was noticed."""
    path, kind = source or (jpeg(tmp_path), "image/jpeg")
    id_ = hashed(path)
    result = result_of({id_: (path, kind)}, [replace(t, source=id_) for t in texts or [text_of(id_)]])
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    result = replace(result, documents=documents)
    pdf, text = render(result, {id_: path}, name="a", into=out, decode=decoded(path),
                       style=style or PdfStyle(titles=TITLES), write=CAGED)
    return pdf.path, [p["code"] for p in json.loads(text.path.read_text())["problems"]]


def poppler(pdf: Path) -> str:
    return subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, check=True).stdout.decode()


def pdfium(pdf: Path) -> str:
    opened = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(page.get_textpage().get_text_range() for page in opened)
    finally:
        opened.close()
