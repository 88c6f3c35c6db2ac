"""Makes the two fonts in `digitizer/output/`, the same bytes every time. Run with the `bench` extra, which has fontTools.

`glyphless.ttf`: two glyphs that paint nothing, half an em wide, for the invisible text of our PDFs.
`stamp.ttf`: Noto Sans (SIL Open Font License 1.1) cut to Latin and Vietnamese, for marks people see. The whole font comes with
OCRmyPDF: `.venv/bin/python scripts/make_font.py .venv/lib/python3*/site-packages/ocrmypdf/data/NotoSans-Regular.ttf`.
"""

import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder

OUTPUT = Path(__file__).resolve().parent.parent / "digitizer" / "output"
TARGET = OUTPUT / "glyphless.ttf"
_EPOCH = 3_850_070_400  # 1 January 2026, seconds since 1904


def main() -> None:
    """Writes the font."""
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "blank"])
    builder.setupCharacterMap({0x20: "blank"})
    builder.setupGlyf({".notdef": builder_glyph(), "blank": builder_glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "blank": (500, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Glyphless", "styleName": "Regular", "psName": "Glyphless"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost(keepGlyphNames=False)
    builder.font["head"].created = builder.font["head"].modified = _EPOCH
    builder.font.recalcTimestamp = False
    builder.save(TARGET)


def cut(noto: Path) -> None:
    """Writes the font of marks: `noto` with the letters of Vietnamese only, without layout rules."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    letters = [*range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x1EA0, 0x1EFA), 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D]
    font = TTFont(noto, recalcTimestamp=False)
    cutter = Subsetter(Options(layout_features=[], hinting=False, name_IDs=[0, 1, 2, 6, 13, 14]))
    cutter.populate(unicodes=letters)
    cutter.subset(font)
    font["head"].created = font["head"].modified = _EPOCH
    font.save(OUTPUT / "stamp.ttf")


def builder_glyph() -> object:
    """A glyph that fills its em box and paints nothing: one stroke there and back. PDFium drops a letter without extent."""
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((0, -200))
    pen.lineTo((500, 800))
    pen.lineTo((250, 300))
    pen.closePath()
    return pen.glyph()


if __name__ == "__main__":
    main()
    if len(sys.argv) > 1:
        cut(Path(sys.argv[1]))
