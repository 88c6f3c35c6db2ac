"""Filling in a form: printed labels, dotted lines, values that wrap, tick boxes, signatures.

A value is a template such as `{nguoiKy} - {chucVuNguoiKy}`: the fields it names count as printed, and as handwritten
where a pen wrote them. `{nktGioPhutChet.0}` is the first word of what is written for the field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np

from training.drawing import marks
from training.drawing.cases import Case
from training.drawing.fonts import FontFile, Fonts
from training.drawing.ink import Hand, Ink, Pen, Press, Typewriter, Writer, hand
from training.drawing.paper import BLACK, Line, Sheet

NAMED = re.compile(r"\{(\w+)(?:\.(\d+))?\}")
SEAL_RED = (203, 38, 48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """How a form is printed."""

    face: FontFile
    size_pt: float
    #: distance of dotted lines
    pitch_mm: float
    #: distance and width of dots. None prints no dotted lines
    dots: tuple[float, float] | None
    ink: Ink = BLACK


@dataclass(slots=True)
class Form:
    """A case being written on a sheet."""

    fonts: Fonts
    sheet: Sheet
    case: Case
    printing: Print
    rng: np.random.Generator
    #: who fills in the values
    writer: Writer
    #: names below signatures are written by their bearers
    signed: bool = True
    fields: list[str] = field(default_factory=list)
    by_hand: set[str] = field(default_factory=set)
    #: tick boxes drawn, by label
    ticks: dict[str, bool] = field(default_factory=dict)
    #: what codes on it say: `qr`, `mrz`
    marks: dict[str, object] = field(default_factory=dict)

    def press(self, style: str = "regular", size: float = 1.0, ink: Ink | None = None) -> Press:
        """Print in the form's family. `size` is relative to its body size."""
        file = self.fonts.styled(self.printing.face, style)
        return Press(self.fonts, file, self.sheet.points(self.printing.size_pt * size), ink or self.printing.ink)

    def pen(self, who: Hand) -> Pen:
        """A hand at work on this sheet."""
        return Pen(self.fonts, who, self.sheet.dpi, self.rng)

    def stranger(self, **how: object) -> Pen:
        """Somebody else's hand."""
        return self.pen(hand(self.fonts, self.rng, **how))  # type: ignore[arg-type]

    def text_of(self, template: str, writer: Writer) -> str:
        """The template with the case's values. Notes which fields it prints."""
        for name, _ in NAMED.findall(template):
            self.note(name, writer)
        return NAMED.sub(lambda m: self._piece(m[1], m[2]), template)

    def note(self, name: str, writer: Writer) -> None:
        """A field is on paper now, written by `writer`."""
        if name in self.case.raw:
            if name not in self.fields:
                self.fields.append(name)
            if writer.hand:
                self.by_hand.add(name)

    def record(self) -> dict[str, object]:
        """The truth about what was filled in."""
        case = self.case
        found: dict[str, object] = {
            "fields": {name: case.values[name] for name in self.fields},
            "raw": {name: case.raw[name] for name in self.fields},
            "hand": [name for name in self.fields if name in self.by_hand],
        }
        return found | ({"ticks": dict(self.ticks)} if self.ticks else {})

    def _piece(self, name: str, word: str) -> str:
        text = self.case.raw.get(name, "")
        return text.split()[int(word)] if word else text


@dataclass(slots=True)
class Column:
    """A column of a form from x0 to x1, px. `y` is the next baseline."""

    form: Form
    x0: float
    x1: float
    y: float
    section: str = "body"

    def gap(self, mm: float) -> None:
        """Leave room."""
        self.y += self.form.sheet.px(mm)

    def text(
        self,
        text: str,
        style: str = "regular",
        *,
        size: float = 1.0,
        align: str = "left",
        pitch: float = 1.0,
        underline: bool = False,
        ink: Ink | None = None,
        indent_mm: float = 0.0,
    ) -> None:
        """Prints wrapped text. `align`: left, centre, right or justify."""
        press = self.form.press(style, size, ink)
        indent = self.form.sheet.px(indent_mm)
        lines = wrap(press, text, self.x1 - self.x0 - indent, self.x1 - self.x0)
        for place, piece in enumerate(lines):
            start = self.x0 + (indent if place == 0 else 0)
            line = self.form.sheet.line(self.section)
            if align == "justify" and place < len(lines) - 1:
                self._justify(press, piece, start, line)
            else:
                room = self.x1 - start - press.width(piece)
                x = start + room * {"left": 0, "justify": 0, "centre": 0.5, "right": 1}[align]
                box = self.form.sheet.write(press, piece, x, self.y, line)
                if underline and place == len(lines) - 1:
                    depth = self.y + self.form.sheet.px(1.4)
                    self.form.sheet.rule(box[0], depth, box[2], depth, 0.25, self.form.printing.ink)
            self.y += self.form.sheet.px(self.form.printing.pitch_mm * pitch)

    def row(self, *cells: tuple[str, str] | tuple[str, str, float], lines: int = 1, writer: Writer | None = None) -> None:
        """Labels and values: one cell may wrap over dotted lines (at least `lines`), several share one line by their weights."""
        writer = writer or self.form.writer
        if len(cells) == 1:
            self._flow(cells[0][0], self.form.text_of(cells[0][1], writer), lines, writer)
            return
        weights = np.array([cell[2] if len(cell) > 2 else 1.0 for cell in cells])
        edges = self.x0 + np.concatenate(([0], np.cumsum(weights / weights.sum()))) * (self.x1 - self.x0)
        line = self.form.sheet.line(self.section)
        for cell, left, right in zip(cells, edges, edges[1:], strict=False):
            self._cell(
                cell[0], self.form.text_of(cell[1], writer), float(left), float(right) - self.form.sheet.px(1.2), line, writer
            )
        self._next()

    def inline(self, *pieces: tuple[str, Writer], align: str = "left") -> None:
        """Pieces by several writers on one line. A pen's stand on dots. Pieces starting with `/` or `,` follow tightly."""
        sheet = self.form.sheet
        space = self.form.press().width(" ")
        texts = [(self.form.text_of(text, writer), writer) for text, writer in pieces]
        gaps = [0.0 if place == 0 or text.startswith(("/", ",")) else space for place, (text, _) in enumerate(texts)]
        widths = [writer.width(text) * (1.15 if writer.hand else 1) for text, writer in texts]
        spare = self.x1 - self.x0 - sum(widths) - sum(gaps)
        x = self.x0 + max(0.0, spare) * {"left": 0, "centre": 0.5, "right": 1}[align]
        line = sheet.line(self.section)
        for (text, writer), width, gap in zip(texts, widths, gaps, strict=True):
            x += gap
            if writer.hand:
                self._dots(x, x + width)
            start = x + (0.07 * width if writer.hand else 0)
            sheet.write(
                writer, text, start, self.y - (sheet.px(0.4) if writer.hand else 0), line, tight=text.startswith(("/", ","))
            )
            x += width
        self._next()

    def blank(self, lines: int = 1) -> None:
        """Dotted lines nobody wrote on."""
        for _ in range(lines):
            self._dots(self.x0, self.x1)
            self._next()

    def tick(self, label: str, ticked: bool, size: float = 0.86, name: str = "") -> None:
        """A box, ticked or not, with its label. `name` is what the truth calls it, by default the label."""
        form, press = self.form, self.form.press(size=size)
        start = self._tick_box(ticked, name or label)
        for piece in wrap(press, label, self.x1 - start, self.x1 - start):
            form.sheet.write(press, piece, start, self.y, form.sheet.line(self.section))
            self.y += form.sheet.px(form.printing.pitch_mm * 0.72)

    def choice(self, question: str, answers: dict[str, bool], size: float = 0.9) -> None:
        """A question with tick boxes on one line."""
        form, press = self.form, self.form.press(size=size)
        line, start = form.sheet.line(self.section), self.x0
        form.sheet.write(press, question, start, self.y, line)
        start += press.width(question)
        for answer, ticked in answers.items():
            after = Column(form, start + form.sheet.px(2), self.x1, self.y, self.section)._tick_box(
                ticked, f"{question} {answer}"
            )
            form.sheet.write(press, answer, after, self.y, line)
            start = after + press.width(answer)
        self._next()

    def _tick_box(self, ticked: bool, name: str) -> float:
        """Draws the box at the column's start. Returns where its label begins, px."""
        form, side = self.form, self.form.sheet.px(3.2)
        form.ticks[name] = ticked
        form.sheet.frame(self.x0, self.y - side, self.x0 + side, self.y, 0.25, form.printing.ink)
        if ticked:
            pen = form.writer if form.writer.hand else form.stranger()
            form.sheet.lay(pen.ink, marks.tick(form.rng, side), round(self.x0), round(self.y - side))
        return self.x0 + side + form.sheet.px(1.6)

    def _flow(self, label: str, value: str, lines: int, writer: Writer) -> None:
        press = self.form.press()
        pieces = wrap(press, label, self.x1 - self.x0, self.x1 - self.x0) or [""]
        for piece in pieces[:-1]:
            self.form.sheet.write(press, piece, self.x0, self.y, self.form.sheet.line(self.section))
            self._next()
        line = self.form.sheet.line(self.section)
        start = self._label(press, pieces[-1], self.x0, line)
        inset = self.form.sheet.px(self.form.rng.uniform(0.6, 3.0))
        parts = wrap(writer, value, self.x1 - start - inset, self.x1 - self.x0)
        for place in range(max(lines, len(parts), 1)):
            left, end = (start if place == 0 else self.x0), 0.0
            if place < len(parts) and parts[place]:
                line = line if place == 0 else self.form.sheet.line(self.section)
                end = self._value(parts[place], left + (inset if place == 0 else inset / 3), self.x1, line, writer)
            self._dots(max(left, end), self.x1)
            self._next()

    def _cell(self, label: str, value: str, left: float, right: float, line: Line, writer: Writer) -> None:
        start = end = self._label(self.form.press(), label, left, line)
        if value:
            inset = min(self.form.sheet.px(self.form.rng.uniform(0.5, 2.5)), 0.2 * (right - start))
            end = self._value(value, start + inset, right, line, writer)
        self._dots(max(start, end), right)

    def _label(self, press: Press, label: str, x: float, line: Line) -> float:
        if not label:
            return x
        self.form.sheet.write(press, label, x, self.y, line)
        return x + press.width(label) + self.form.sheet.px(0.8)

    def _value(self, value: str, x: float, right: float, line: Line, writer: Writer) -> float:
        """Writes a value and returns where dots may begin. A computer prints dots after it, a pen writes over them."""
        wide = writer.width(value)
        narrow = min(1.0, (right - x) / max(1.0, wide))
        lift = self.form.sheet.px(self.form.rng.uniform(0.1, 0.8)) if writer.hand else self.form.sheet.px(0.3)
        self.form.sheet.write(writer, value, x, self.y - lift, line, narrow=narrow)
        return x + wide * narrow + self.form.sheet.px(0.6) if isinstance(writer, Press) else 0.0

    def _justify(self, press: Press, piece: str, start: float, line: Line) -> None:
        words = piece.split()
        spare = (self.x1 - start - sum(press.width(word) for word in words)) / max(1, len(words) - 1)
        x = start
        for word in words:
            self.form.sheet.write(press, word, x, self.y, line)
            x += press.width(word) + spare

    def _dots(self, left: float, right: float) -> None:
        if self.form.printing.dots:
            self.form.sheet.dots(left, right, self.y + self.form.sheet.px(0.4), *self.form.printing.dots, self.form.printing.ink)

    def _next(self) -> None:
        self.y += self.form.sheet.px(self.form.printing.pitch_mm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One place to sign."""

    title: str
    hint: str = "(Ký, ghi rõ họ, chữ đệm, tên)"
    #: template of the name below
    name: str
    sealed: bool = False
    #: the name is printed, as officials' names are
    printed: bool = False


def signatures(column: Column, signers: list[Signer], seal_words: str = "") -> None:
    """Signers side by side: titles, hints, scrawls, names, and seals over signatures."""
    form, sheet = column.form, column.form.sheet
    wide = (column.x1 - column.x0) / len(signers)
    middles = [column.x0 + wide * (place + 0.5) for place in range(len(signers))]
    _titles(column, signers, middles, wide)
    top = column.y + sheet.px(form.rng.uniform(3, 5))
    below = column.y + sheet.px(form.rng.uniform(16, 21))
    line = sheet.line("signatures")
    for signer, middle in zip(signers, middles, strict=True):
        pen = form.stranger() if form.signed else form.writer
        writer: Writer = form.press("bold") if signer.printed else pen
        name = form.text_of(signer.name, writer)
        narrow = min(1.0, 0.92 * wide / max(1.0, writer.width(name)))
        sheet.write(writer, name, middle - narrow * writer.width(name) / 2, below, line, narrow=narrow)
        if signer.sealed:
            stamp(form, seal_words, middle - sheet.px(form.rng.uniform(8, 22)), top + sheet.px(8))
        ink = pen.ink if pen.hand else Ink((26, 40, 120), 0.95)
        scrawl = marks.signature(form.rng, sheet.px(form.rng.uniform(20, 32)))
        sheet.lay(ink, scrawl, round(middle - scrawl.mask.shape[1] / 2) - scrawl.x, round(top + sheet.px(3)))
    column.y = below + sheet.px(form.printing.pitch_mm)


def stamp(form: Form, words: str, x: float, y: float, diameter_mm: float = 34, colour: tuple[int, int, int] = SEAL_RED) -> None:
    """A round seal about (x, y), px."""
    side = form.sheet.px(diameter_mm)
    mask = marks.seal(form.fonts, form.fonts.styled(form.fonts.choose("print", form.rng), "bold"), words, side, form.rng)
    Ink(colour, float(form.rng.uniform(0.6, 0.92))).lay(form.sheet.pixels, mask, round(x - side / 2), round(y - side / 2))


def seal_words(case: Case) -> str:
    """What stands along the ring of a commune's seal."""
    return f"ỦY BAN NHÂN DÂN ★ {case.commune.short().upper().replace(', ', ' - ')} ★ "


def wrap(writer: Writer, text: str, first: float, rest: float) -> list[str]:
    """`text` cut at spaces into a first line and further lines that fit, px."""
    lines: list[str] = []
    for word in text.split():
        room = first if len(lines) <= 1 else rest
        if lines and writer.width(f"{lines[-1]} {word}".strip()) <= room:
            lines[-1] = f"{lines[-1]} {word}".strip()
        elif not lines and writer.width(word) > first:
            lines += ["", word]
        else:
            lines.append(word)
    return lines


def values_by(fonts: Fonts, sheet: Sheet, rng: np.random.Generator, how: str | Hand) -> Writer:
    """Who fills a form in: a known hand, or `hand` (anybody's), `typewriter`, `printer`."""
    if isinstance(how, Hand):
        return Pen(fonts, how, sheet.dpi, rng)
    if how == "hand":
        return Pen(fonts, hand(fonts, rng, x_height_mm=2.1), sheet.dpi, rng)
    if how == "typewriter":
        return Typewriter(fonts, fonts.choose("typewriter", rng), sheet.points(11.5), Ink((34, 32, 44), 0.9), rng)
    return Press(fonts, fonts.choose("print", rng), sheet.points(12.5), Ink((14, 14, 16), 0.97))


def printing(fonts: Fonts, rng: np.random.Generator, how: str | Hand = "hand", **changes: object) -> Print:
    """How some printer set the form. A form the office's own computer prints (`how` printer) mostly has no dotted lines."""
    serif = [f for f in fonts.files if f.kind == "print" and f.style == "regular" and f.family != "Arimo"]
    chosen = Print(
        face=serif[int(rng.integers(len(serif)))],
        size_pt=float(rng.uniform(12, 13.2)),
        pitch_mm=float(rng.uniform(8.2, 9.0)),
        dots=(float(rng.uniform(*fonts.dots[0])), float(rng.uniform(*fonts.dots[1]))),
        ink=Ink((24, 24, 26), float(rng.uniform(0.86, 0.97))),
    )
    if how == "printer" and rng.random() < 0.65:
        chosen = replace(chosen, dots=None)
    return replace(chosen, **changes)  # type: ignore[arg-type]


def _titles(column: Column, signers: list[Signer], middles: list[float], wide: float) -> None:
    form, sheet = column.form, column.form.sheet
    bold, italic = form.press("bold", 0.96), form.press("italic", 0.82)
    rows = [wrap(bold, form.text_of(s.title, bold), wide, wide) for s in signers]
    for place in range(max(len(lines) for lines in rows)):
        line = sheet.line("signatures")
        for lines, middle in zip(rows, middles, strict=True):
            if place < len(lines):
                sheet.write(bold, lines[place], middle - bold.width(lines[place]) / 2, column.y, line)
        column.y += sheet.px(5)
    line = sheet.line("signatures")
    for signer, middle in zip(signers, middles, strict=True):
        if signer.hint:
            sheet.write(italic, signer.hint, middle - italic.width(signer.hint) / 2, column.y, line)
