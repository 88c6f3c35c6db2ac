"""Scans as files whose bytes repeat: JPEG, PDF around JPEGs, multi-page TIFF."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from training.drawing.scans import Scanned


def jpeg(scan: Scanned) -> bytes:
    """The scan as its scanner saves it, resolution noted. Grey scans have one channel."""
    image = Image.fromarray(scan.pixels)
    if "grey photocopy" in scan.effects:
        image = image.convert("L")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=scan.quality, dpi=(scan.dpi, scan.dpi), optimize=True)
    return out.getvalue()


def tiff(scans: Sequence[Scanned]) -> bytes:
    """Several scans in one TIFF, JPEG inside (YCbCr, as scanners write it)."""
    first, *rest = [Image.fromarray(scan.pixels).convert("YCbCr") for scan in scans]
    out = io.BytesIO()
    first.save(
        out,
        "TIFF",
        save_all=True,
        append_images=rest,
        compression="jpeg",
        quality=scans[0].quality,
        dpi=(scans[0].dpi, scans[0].dpi),
    )
    return out.getvalue()


def pdf(scans: Sequence[Scanned]) -> bytes:
    """Several scans in one PDF 1.4, each a full-page JPEG at its resolution: no dates, no ids, the same bytes every time."""
    count = len(scans)
    kids = " ".join(f"{3 + 3 * place} 0 R" for place in range(count))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Count {count} /Kids [{kids}] >>".encode()]
    for place, scan in enumerate(scans):
        objects += _page(scan, 3 + 3 * place)
    out, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return bytes(out) + (table + end).encode()


def _page(scan: Scanned, number: int) -> list[bytes]:
    """Page, content and image objects, numbered from `number`."""
    height, width = scan.pixels.shape[:2]
    wide, high = (f"{side * 72 / scan.dpi:.2f}" for side in (width, height))
    content, image = f"q {wide} 0 0 {high} 0 0 cm /Im0 Do Q".encode(), jpeg(scan)
    space = "/DeviceGray" if "grey photocopy" in scan.effects else "/DeviceRGB"
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {wide} {high}] /Contents {number + 1} 0 R"
    head = f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace {space} /BitsPerComponent 8"
    return [
        f"{page} /Resources << /XObject << /Im0 {number + 2} 0 R >> >> >>".encode(),
        f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream",
        f"{head} /Filter /DCTDecode /Length {len(image)} >>\nstream\n".encode() + image + b"\nendstream",
    ]
