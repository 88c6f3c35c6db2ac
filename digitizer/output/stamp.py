"""Draws visible marks, such as copy marks and the look of signatures, as pictures of text.

A picture is not part of the text that readers copy or search. It needs no font in the PDF, so the file stays PDF/A.
"""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files

import numpy as np
from pikepdf import Name, Page, Pdf
from PIL import Image, ImageDraw, ImageFont

from digitizer.model import Floats
from digitizer.output import images
from digitizer.output.page_geometry import shown_to_user
from digitizer.output.placement import affine, operands

#: dots per inch of the picture
_DPI = 300
_FONT = "stamp.ttf"
#: blue, as a PDF operator
_COLOUR = "0.10 0.20 0.60 rg"
#: points between the mark and the edges of the page
_MARGIN = 14.0


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Noto Sans for Vietnamese (SIL Open Font License), reduced by `scripts/make_font.py`. `size` is in px."""
    return ImageFont.truetype(io.BytesIO((files("digitizer.output") / _FONT).read_bytes()), size)


def drawn(text: str, points: float) -> Image.Image:
    """`text` as a 1-bit image, black on white, in letters of `points`, cropped to its ink and a small margin."""
    font = _font(round(points * _DPI / 72))
    left, top, right, bottom = ImageDraw.Draw(Image.new("1", (1, 1))).multiline_textbbox((0, 0), text, font=font, spacing=points)
    image = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8), 255)
    ImageDraw.Draw(image).multiline_text((4 - left, 4 - top), text, font=font, fill=0, spacing=points)
    return image.point(lambda value: 255 * (value > 128)).convert("1")


def mark(pdf: Pdf, page: Page, text: str, points: float = 8.0) -> None:
    """Puts `text` in blue at the top left of `page` as a viewer shows it."""
    image = drawn(text, points)
    # an image mask paints where it is 0, which is the ink
    stencil = images.stream(pdf, images.group4(image), ImageMask=True, ColorSpace=None)
    name = page.add_resource(stencil, Name.XObject, Name("/Mark"), replace_existing=True)
    numbers = " ".join(f"{value:.5f}" for value in operands(_place(page, image.size)))
    page.contents_add(b"q\n", prepend=True)
    page.contents_add(f"\nQ\nq {_COLOUR} {numbers} cm {name} Do Q\n".encode())


def _place(page: Page, size: tuple[int, int]) -> Floats:
    wide, high = (side * 72 / _DPI for side in size)
    placed: Floats = shown_to_user(page) @ affine(wide, 0, 0, -high, _MARGIN, _MARGIN + high)
    return np.asarray(placed)
