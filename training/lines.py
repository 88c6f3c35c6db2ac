"""Lines to train on: pages drawn by the kit, scanned, and cut as the detector cuts them.

There are two kinds of page: the documents of the catalogue as in `samples/`, and leaves of free lines. Free lines come in every
font, size, pen and typewriter. Their words give every letter and tone its turn. Both kinds go through the same scanner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digitizer.text import nfc
from training.drawing import books, cases, registers, scans, sheets
from training.drawing.fonts import Fonts
from training.drawing.forms import printing, stamp
from training.drawing.ink import Ink, Pen, Press, Typewriter, Writer, hand
from training.drawing.paper import A4, Line, Run, Sheet, around

HEIGHT = 48
#: Debian's package hunspell-vi
SYLLABLES = Path("/usr/share/hunspell/vi_VN.dic")
#: pairs of letters that readers confuse in small print. Words with them come more often
CONFUSED = frozenset("ấáầàẩảẫãậạếéềèểẻễẽệẹốóồòổỏỗõộọắằẳẵặớờởỡợứừửữự")
#: share of free lines that end as a clause of a paper does
ENDED = 0.25
_LEVELS = ("clean", "office", "office", "hard")
_LABELS = (
    "Họ, chữ đệm, tên:", "Ngày, tháng, năm sinh:", "Giới tính:", "Dân tộc:", "Quốc tịch:", "Nơi sinh:", "Quê quán:",
    "Nơi cư trú:", "Giấy tờ tùy thân:", "Số định danh cá nhân:", "Ghi bằng chữ:", "Nơi thường trú/tạm trú:", "Kính gửi:",
    "Số:", "Quyển số:",
    "Trang số:", "Nguyên nhân chết:", "Đã chết vào lúc:", "Nơi chết:", "Quan hệ với người được khai sinh:", "Nghề nghiệp:",
    "Mục đích sử dụng:", "Tình trạng hôn nhân:", "Cơ quan cấp:", "Địa chỉ:", "Người đề nghị:", "Ghi chú:",
)  # fmt: skip


#: letters and signs that Vietnamese words hardly have, and papers of this country do all the same
_OFFICES = (
    "GD&ĐT", "VH&TT", "TN&MT", "KH&CN", "KH&ĐT", "TT&TT", "NN&PTNT", "LĐTB&XH", "LĐ-TB&XH", "VHTT&DL", "NN&MT", "TC&KH",
    "UBND", "HĐND", "VKSND", "BHXH", "CSQLHC", "QLHC về TTXH",
)  # fmt: skip
_FOREIGN_NAMES = (
    "William", "Walter", "Wong", "Wei", "Wang", "Edward", "Andrew", "Matthew", "Wojciech", "Kowalski", "Kwiatkowska", "Jessica",
    "Jean", "Jacques", "John", "Johnson", "James", "Jennifer", "Juan", "Jiang", "Jin", "Kim", "Kjell", "Zhang", "Zhao", "Zoe",
    "Fitzgerald", "Frederick", "Francis", "Fischer", "Felix", "Ferguson", "Schwarz", "Szymon", "Rodriguez", "Fernandez", "Swift",
    "Dwight", "Howard", "Maxwell", "Hoffmann", "Pfeiffer", "Katarzyna", "Yuki", "Fujiwara", "Kawasaki", "Suzuki", "Jeong",
    "Elizabeth", "Jackson", "Bjork", "Alexander", "Fyodor", "Quentin", "Xavier", "Ximena", "Bush", "Park", "Lee", "Wu", "Fu",
)  # fmt: skip
_ENGLISH = (
    "Full name", "Date, month, year of birth", "Place of birth", "Sex", "Nationality", "Identification card", "Passport No.",
    "Issued by", "Wife", "Husband", "Witness", "Justice", "Father's full name", "Mother's full name", "Place of registration",
    "Ethnic group", "Marriage certificate", "Certificate of birth", "Death certificate", "Signature of the registrar",
    "Remarks", "of issue", "Official of Justice and Civil Status", "Socialist Republic of Viet Nam", "Freedom", "Independence",
    "Happiness", "the following", "which", "who was", "with", "from", "for", "of", "Jan", "July", "June", "February",
    "Wednesday", "Office", "Microsoft Word", "Fax", "Website", "Email", "Zalo", "Facebook", "WARNING", "Seoul", "Taiwan",
    "Japan", "New Zealand", "Switzerland", "Washington", "Frankfurt", "Moskva", "Fukuoka", "Kuwait", "Czech", "Malaysia",
    "Jakarta", "Brazil",
)  # fmt: skip
_HOSTS = ("gmail.com", "yahoo.com.vn", "moj.gov.vn", "www.chinhphu.vn", "dichvucong.gov.vn", "http://www", "thuvienphapluat.vn")


@dataclass(frozen=True, slots=True)
class Cut:
    """One line as a reader gets it: `pixels` (48, W, 3) uint8 RGB, its exact text, and whether a pen wrote any of it."""

    pixels: NDArray[np.uint8]
    text: str
    hand: bool


@dataclass(frozen=True, slots=True)
class Shot:
    """A scan: `pixels` (H, W, 3) uint8 RGB, the sheet on it, and how the sheet lies."""

    pixels: NDArray[np.uint8]
    sheet: Sheet
    turn: scans.Turn

    def quad(self, runs: list[Run]) -> NDArray[np.float64]:
        """Corners (4, 2) of some runs, px of the scan, clockwise from the top left."""
        corners: NDArray[np.float64] = scans.box_quads(self.turn, np.array([around([run.box for run in runs])], np.float64))[0]
        return corners


@cache
def syllables() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(all syllables of the Vietnamese dictionary, those with a letter that is easily confused)."""
    rows = SYLLABLES.read_text(encoding="utf-8").splitlines()[1:]
    words = sorted({nfc(row.partition("/")[0]) for row in rows})
    words = [word for word in words if word.isalpha() and word.islower()]
    return tuple(words), tuple(word for word in words if CONFUSED & set(word))


class Lines:
    """An endless supply of lines. The same fonts and seed give the same lines.

    Args:
        fonts: what is written and printed with.
        seed: of everything random.
        times: share of free printed lines in the shape of Times New Roman, which official papers are set in (NĐ 30/2020).
        foreign: share of free lines with the letters and signs that Vietnamese words hardly have.
        height: px of height of a line.
    """

    def __init__(self, fonts: Fonts, seed: int, times: float = 0.45, foreign: float = 0.1, height: int = HEIGHT) -> None:
        self.fonts, self.rng, self.times, self.foreign = fonts, np.random.default_rng(seed), times, foreign
        self.height = height

    def __iter__(self) -> Iterator[Cut]:
        while True:
            yield from self.page()

    def page(self) -> Iterator[Cut]:
        """The lines of one scan."""
        yield from self.cuts(self.shot())

    def shot(self, skew_deg: float | None = None) -> Shot:
        """A sheet of the catalogue or a leaf of free lines, scanned a little askew or by `skew_deg`, and stored."""
        skew = float(self.rng.normal(0, 0.6)) if skew_deg is None else skew_deg
        sheet = self._leaf() if self.rng.random() < 0.55 else self._document()
        level = _LEVELS[int(self.rng.integers(len(_LEVELS)))]
        scan = scans.scan(sheet, self.rng, level, skew_deg=skew)
        image = scan.pixels
        if "grey photocopy" in scan.effects:
            image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        if self.rng.random() < 0.85:
            stored = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, scan.quality])[1]
            image = np.ascontiguousarray(cv2.imdecode(stored, cv2.IMREAD_COLOR)[..., ::-1])
        return Shot(image, sheet, scan.turn)

    def cuts(self, shot: Shot) -> Iterator[Cut]:
        """The lines of a scan, cut as a detector cuts them."""
        for line in shot.sheet.reading():
            for runs in split(line, self.rng):
                text, cut = _text(runs), self._cut(shot.pixels, shot.quad(runs))
                if cut is not None and text:
                    yield Cut(cut, text, any(run.hand for run in runs))

    # --- what is written ------------------------------------------------------------------------------------------------

    def _document(self) -> Sheet:
        """A page of the catalogue, as a clerk, a typewriter or a computer fills it in."""
        rng = self.rng
        when = date(2007, 1, 1) + timedelta(days=int(rng.integers(0, 7000)))
        number, dpi = int(rng.integers(1, 400)), int(rng.choice([150, 200, 200, 250, 300]))
        if rng.random() < 0.6:
            kind = str(rng.choice(["birth_register", "marriage_register", "death_register", *books.BOOKS]))
            return books.any_page(self.fonts, kind, rng, when, dpi).sheet
        sheet = sheets.SHEETS[str(rng.choice(list(sheets.SHEETS)))]
        how = str(rng.choice(["hand", "hand", "hand", "typewriter", "printer"]))
        if sheet.dpi == 300:
            how, dpi = sheet.how, 300
        return sheet.draw(self.fonts, sheet.event(rng, when, number, None), rng, dpi=dpi, how=how).sheet

    def _leaf(self) -> Sheet:
        """A sheet of free lines: no two need have the same writer."""
        rng = self.rng
        sheet = Sheet(A4, int(rng.choice([150, 200, 200, 300])))
        press = printing(self.fonts, rng)
        y = sheet.px(16)
        writer, left = self._writer(sheet), int(rng.integers(2, 7))
        while y < sheet.height - sheet.px(12):
            if left == 0:
                writer, left = self._writer(sheet), int(rng.integers(2, 7))
            left -= 1
            x0, x1 = sheet.px(rng.uniform(12, 30)), sheet.width - sheet.px(rng.uniform(8, 20))
            dotted = bool(rng.random() < 0.4 and press.dots)
            if dotted:
                sheet.dots(x0, x1, y + sheet.px(0.4), *press.dots, press.ink)
            self._row(sheet, writer, x0, x1, y, dotted=dotted)
            y += sheet.px(rng.uniform(6.5, 10.5))
        if rng.random() < 0.25:
            self._stamp(sheet)
        return sheet

    def _row(self, sheet: Sheet, writer: Writer, x0: float, x1: float, y: float, *, dotted: bool) -> None:
        line, rng = sheet.line("body"), self.rng
        if rng.random() < 0.35:
            label = str(rng.choice(_LABELS))
            face = self.fonts.choose("print", rng)
            printed = Press(self.fonts, face, sheet.points(rng.uniform(10, 13)), Ink((24, 24, 26), float(rng.uniform(0.8, 0.97))))
            sheet.write(printed, label, x0, y, line)
            x0 += printed.width(label) + sheet.px(rng.uniform(0.8, 4))
        text = self._content(x1 - x0, writer, ends=not dotted)
        if text:
            sheet.write(writer, text, x0, y - sheet.px(rng.uniform(0, 0.6)), line)

    def _content(self, room: float, writer: Writer, *, ends: bool) -> str:
        """Words that fit into `room` px, and where `ends` at times end as a clause does: among dots nobody sees a full stop."""
        rng = self.rng
        foreign = rng.random() < self.foreign
        text = self._strange(int(rng.integers(2, 12))) if foreign else self._words()
        end = str(rng.choice(["", "", "", ".", ".", ".", ";", ",", ":", "/.", "./.", "..."]))
        while text and writer.width(text + end) > room:
            text = text.rpartition(" ")[0]
        return text + end if ends and text[-1:].isalnum() and (foreign or rng.random() < ENDED) else text

    def _strange(self, count: int) -> str:
        """Vietnamese words among offices, names, addresses and numbers with signs of other languages."""
        text = " ".join(self._strange_word() for _ in range(count))
        kind = self.rng.random()
        return text.upper() if kind < 0.15 else f"{'-+*'[int(3 * self.rng.random())]} {text}" if kind < 0.3 else text

    def _strange_word(self) -> str:
        rng = self.rng
        n = lambda low, high: int(rng.integers(low, high))  # noqa: E731
        some = lambda letters, count: "".join(str(rng.choice(list(letters))) for _ in range(count))  # noqa: E731
        name = str(rng.choice(_FOREIGN_NAMES))
        word = str(rng.choice(syllables()[0]))
        choices = [
            str(rng.choice(_OFFICES)), str(rng.choice(_OFFICES)), name, name, str(rng.choice(_ENGLISH)), word, word,
            f"{name.lower()}{some('._-', 1)}{some('wjzfkq0123456789', n(1, 5))}@{rng.choice(_HOSTS)}",
            f"{rng.choice(_HOSTS)}/{word}", some("WJZFKQXBCNP", n(1, 3)) + f"{n(0, 10**7):07}",
            some("abcdefghijklmnopqrstuvwxyz", n(2, 8)), some("ABCDEFGHIJKLMNOPQRSTUVWXYZ", n(2, 8)),
            f"[{n(1, 99)}]", f"[{word}]", f"{n(1, 101)}%", f"({word} & {word})", f"{name} & {rng.choice(_FOREIGN_NAMES)}",
            f"{n(1, 99)}{some('WJZF', 1)}-{n(1, 9999):04}",
            f"P<{some('VNMKORJPNUSA', 3)}{name.upper()}<<{some('WJZFABEINO', n(3, 7))}",
        ]  # fmt: skip
        return choices[n(0, len(choices))]

    def _words(self) -> str:
        rng = self.rng
        what = rng.random()
        if what < 0.42:
            return self._prose(int(rng.integers(3, 18)))
        if what < 0.60:
            name = self._name()
            return name.upper() if rng.random() < 0.45 else name
        if what < 0.78:
            return self._date()
        if what < 0.90:
            return self._number()
        place = cases.places.home(rng, cases.places.commune(rng, date(int(rng.integers(2007, 2027)), 3, 1)))
        return place.full() if rng.random() < 0.7 else place.short()

    def _name(self) -> str:
        return cases.office(self.rng, date(2018, 3, 1)).signer

    def _prose(self, count: int) -> str:
        rng = self.rng
        everything, confused = syllables()
        words = [str(rng.choice(confused if rng.random() < 0.45 else everything)) for _ in range(count)]
        for i, word in enumerate(words):
            kind = rng.random()
            if kind < 0.12:
                words[i] = word.capitalize()
            elif kind < 0.17:
                words[i] = word.upper()
            elif kind < 0.25:
                words[i] += str(rng.choice([",", ",", ".", ";", ":", ")", "”", "?"]))
            elif kind < 0.28:
                words[i] = str(rng.choice(["(", "“", "- ", "+ "])) + word
            elif kind < 0.33:
                words[i] = self._number()
        text = " ".join(words)
        return text.upper() if rng.random() < 0.07 else text

    def _date(self) -> str:
        rng = self.rng
        when = date(1930, 1, 1) + timedelta(days=int(rng.integers(0, 35_400)))
        manner = cases.manner(rng)
        return str(rng.choice([manner.day(when), manner.day(when), manner.in_words(when), str(when.year), f"{when:%m/%Y}"]))

    def _number(self) -> str:
        rng = self.rng
        n = lambda low, high: int(rng.integers(low, high))  # noqa: E731
        choices = [
            f"{n(0, 10**12):012}", f"{n(0, 10**9):09}", f"{n(1, 400)}/{n(1930, 2027)}", f"{n(1, 99):02}/TLKS-BS",
            f"{n(1, 20):02}/{n(1930, 2027)}",             f"{n(1, 999)}/QĐ-UBND",
            f"H60.{n(1, 140)}-{n(210101, 261231)}-{n(1, 9999):04}",
            f"{n(0, 24):02} giờ {n(0, 60):02} phút",             f"{n(1, 999)}.{n(0, 1000):03} m²", f"{n(0, 10000)}",
            f"{n(1, 10)},{n(0, 100):02}", f"CMND số {n(0, 10**9):09}",
            f"CCCD số {n(0, 10**12):012}", f"{n(1, 99)}/UBND-XNTTHN", f"IDVNM{n(0, 10**10):010}{n(0, 10)}<<{n(0, 10)}",
        ]  # fmt: skip
        return choices[n(0, len(choices))]

    # --- who writes, and with what --------------------------------------------------------------------------------------

    def _writer(self, sheet: Sheet) -> Writer:
        rng = self.rng
        who = rng.random()
        if who < 0.52:
            who = hand(self.fonts, rng, x_height_mm=float(rng.uniform(1.7, 2.7)))
            who = replace(who, drift=float(rng.choice([0, 0.06, 0.12])), unrest=float(rng.choice([0, 0.05])))
            return Pen(self.fonts, who, sheet.dpi, rng)
        if who < 0.60:
            ink = Ink((34, 32, 44), float(rng.uniform(0.6, 0.95)))
            return Typewriter(self.fonts, self.fonts.choose("typewriter", rng), sheet.points(rng.uniform(10, 12.5)), ink, rng)
        face = self.fonts.family("Tinos") if rng.random() < self.times else self.fonts.choose("print", rng)
        style = str(rng.choice(["regular", "regular", "bold", "italic", "bold-italic"]))
        ink = Ink((20, 20, 22), float(rng.uniform(0.65, 0.98)))
        return Press(self.fonts, self.fonts.styled(face, style), sheet.points(rng.uniform(7.5, 15)), ink)

    def _stamp(self, sheet: Sheet) -> None:
        case = cases.opened(self.rng, date(2018, 1, 1), None)
        form = registers.Form(self.fonts, sheet, case, printing(self.fonts, self.rng), self.rng, self._writer(sheet))
        for _ in range(int(self.rng.integers(1, 4))):
            x, y = self.rng.uniform(0.2, 0.8) * sheet.width, self.rng.uniform(0.1, 0.9) * sheet.height
            stamp(form, "ỦY BAN NHÂN DÂN ★ ", float(x), float(y))

    # --- how it is cut --------------------------------------------------------------------------------------------------

    def _cut(self, image: NDArray[np.uint8], quad: NDArray[np.float64]) -> NDArray[np.uint8] | None:
        """The strip around a quadrangle, padded and shifted as detector boxes are."""
        rng = self.rng
        top_left, top_right, _, bottom_left = quad
        along, down = top_right - top_left, bottom_left - top_left
        wide, high = float(np.hypot(*along)), float(np.hypot(*down))
        if wide < 4 or high < 6:
            return None
        along, down = along / wide, down / high
        left, right = rng.uniform(0.1, 0.55, 2) * high
        above, below = rng.uniform(-0.03, 0.26, 2) * high
        origin = top_left - left * along - above * down
        width, height = wide + left + right, high + above + below
        scale = self.height / height
        size = (max(8, round(width * scale * rng.uniform(0.94, 1.06))), self.height)
        corners = np.float32([origin, origin + width * along, origin + height * down])
        matrix = cv2.getAffineTransform(corners, np.float32([(0, 0), (size[0], 0), (0, self.height)]))
        how = cv2.INTER_AREA if scale < 0.6 else cv2.INTER_CUBIC
        strip = cv2.warpAffine(
            image, matrix, size, flags=cv2.INTER_LINEAR if how == cv2.INTER_AREA else how, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(strip, np.uint8)


def split(line: Line, rng: np.random.Generator | None = None) -> Iterator[list[Run]]:
    """The runs of a line as a detector groups them: divided at wide gaps. With `rng`, now and then at narrower ones too."""
    group: list[Run] = []
    for run in line.runs:
        if group:
            gap = run.box[0] - max(r.box[2] for r in group)
            tall = max(r.box[3] - r.box[1] for r in (*group, run))
            if gap > 2.2 * tall or (rng is not None and gap > 0.6 * tall and rng.random() < 0.15):
                yield group
                group = []
        group.append(run)
    if group:
        yield group


def _text(runs: list[Run]) -> str:
    return " ".join("".join(("" if run.tight else " ") + run.text for run in runs).split())
