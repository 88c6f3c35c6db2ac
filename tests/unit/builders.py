"""Pages made by hand: lines where a test says they stand."""

from __future__ import annotations

from digitizer.doctypes import load
from digitizer.model import Box, Letter, Line, Mark, PageText, Quality, Ruling, Sheet, Tick, Warp, Word

#: the document types we ship
OURS = load()
#: px: height of a line, distance of rows, width of a letter
TALL, PITCH, WIDE = 30.0, 60.0, 14.0
#: rows of a birth record as one page of a book has it
RECORD = (
    "Số: 41/2018 Quyển số: 01/2018 Ngày, tháng, năm đăng ký: 07/05/2018",
    "Người được đăng ký khai sinh",
    "Họ, chữ đệm, tên: LÝ THỊ MAI",
    "Ngày, tháng, năm sinh: 03/05/2018",
    "Họ, chữ đệm, tên mẹ: LÒ THỊ HOA",
    "Họ, chữ đệm, tên cha: LÝ VĂN A",
)


def line(text: str, x: float = 100, y: float = 100, confidence: float = 0.99) -> Line:
    """`text` with evenly spaced letters, its left upper corner at (x, y)."""
    letters = tuple(Letter(char=c, x0=x + WIDE * i, x1=x + WIDE * (i + 1), confidence=confidence) for i, c in enumerate(text))
    words, start = [], 0
    for word in text.split():
        start = text.index(word, start)
        box = Box(x + WIDE * start, y, x + WIDE * (start + len(word)), y + TALL)
        words.append(Word(text=word, box=box, confidence=confidence))
        start += len(word)
    return Line(
        text=text, box=Box(x, y, x + WIDE * len(text), y + TALL), confidence=confidence, words=tuple(words), letters=letters
    )


def page_of(*rows: str | tuple[tuple[str, float], ...] | Line, marks: tuple[Mark, ...] = (), ticks: tuple[Tick, ...] = (),
            blank: bool = False, width: int = 1650) -> PageText:  # fmt: skip
    """A page with a row of text each: a string at the left, (text, x) pairs side by side, or a line as it is."""
    lines: list[Line] = []
    for number, row in enumerate(rows):
        y = 100 + PITCH * number
        if isinstance(row, Line):
            lines.append(row)
        elif isinstance(row, str):
            lines += [line(row, y=y)] if row else []
        else:
            lines += [line(text, x=x, y=y) for text, x in row]
    return PageText(
        source="5" * 64, scan=0, part=0, width=width, height=2300, dpi=200.0, sheet=Sheet(width=width, height=2300),
        to_scan=Warp.identity(), quality=Quality(blank=blank), lines=tuple(lines), ruling=Ruling(ticks=ticks), marks=marks,
        blank=blank, engine="test",
    )  # fmt: skip
