"""Draws `digitizer/output/glyphless.ttf`: two empty glyphs, half an em wide, for the invisible text of our PDFs.

Run with the `dev` extra: `.venv/bin/python scripts/make_font.py`; same bytes every time.
"""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder

TARGET = Path(__file__).resolve().parent.parent / "digitizer" / "output" / "glyphless.ttf"


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
    builder.font["head"].created = builder.font["head"].modified = 3_850_070_400  # 1 January 2026, seconds since 1904
    builder.font.recalcTimestamp = False
    builder.save(TARGET)


def builder_glyph() -> object:
    """A glyph without an outline."""
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    return Glyph()


if __name__ == "__main__":
    main()
