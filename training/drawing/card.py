"""Identity cards: both sides copied onto a sheet, with a real QR code and a machine-readable zone whose check digits hold."""

from __future__ import annotations

from datetime import date

import cv2
import numpy as np
import segno

from digitizer.text import strip_accents
from training.drawing import marks
from training.drawing.cases import Case
from training.drawing.certificates import guilloche
from training.drawing.fonts import Fonts
from training.drawing.forms import Form, Print
from training.drawing.ink import Hand, Ink, Press, Writer
from training.drawing.paper import A4, BLACK, Line, Sheet
from training.drawing.people import Person

CARD_MM = (85.6, 54.0)
RED = Ink((190, 40, 45), 0.95)
DIRECTOR = "Tô Quang Lệ"


def citizen_id_card(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "printer") -> Form:
    """Front and back of a chip card (2021 - 06/2024) one below the other."""
    person, issued = case.people["person"], case.when
    expires = expiry(person.born, issued)
    _put(case, person, issued, expires)
    sheet = Sheet(A4, dpi, (252, 252, 252))
    form = Form(
        fonts,
        sheet,
        case,
        Print(face=fonts.family("Arimo"), size_pt=7.2, pitch_mm=4.0, dots=None, ink=BLACK),
        rng,
        Press(fonts, fonts.family("Arimo", "bold"), sheet.points(7.6), BLACK),
    )
    left, top = sheet.px(rng.uniform(48, 70)), sheet.px(rng.uniform(30, 45))
    qr = qr_text(person, issued)
    zone = mrz(person, expires)
    _front(form, Side(form, left, top, 0), qr)
    _back(form, Side(form, left, top + sheet.px(CARD_MM[1] + rng.uniform(8, 16)), 1), zone)
    form.marks = {"qr": qr, "mrz": list(zone)}
    return form


def expiry(born: date, issued: date) -> date:
    """Cards end at the 25th, 40th and 60th birthday. One issued in the two years before skips it. After 60, never (2099)."""
    for age in (25, 40, 60):
        birthday = born.replace(year=born.year + age) if (born.month, born.day) != (2, 29) else date(born.year + age, 2, 28)
        if (birthday - issued).days > 730:
            return birthday
    return date(2099, 12, 31)


def qr_text(person: Person, issued: date) -> str:
    """The seven fields of a chip card's QR code."""
    sex = person.sex.capitalize()
    return "|".join(
        (person.personal_number, "", person.name, f"{person.born:%d%m%Y}", sex, person.home.full(), f"{issued:%d%m%Y}")
    )


def mrz(person: Person, expires: date) -> tuple[str, str, str]:
    """Three lines of 30 (TD1), check digits by weights 7-3-1."""
    number = person.personal_number
    document, optional = number[-9:], f"{number}<<"
    first = f"IDVNM{document}{check_digit(document)}{optional}{check_digit(optional)}"
    born, end, sex = f"{person.born:%y%m%d}", f"{expires:%y%m%d}", "F" if person.sex == "nữ" else "M"
    second = f"{born}{check_digit(born)}{sex}{end}{check_digit(end)}VNM" + "<" * 11
    second += str(check_digit(first[5:30] + second[0:7] + second[8:15] + second[18:29]))
    surname, *others = strip_accents(person.name).upper().split()
    return first, second, f"{surname}<<{'<'.join(others)}"[:30].ljust(30, "<")


def check_digit(text: str) -> int:
    """ICAO 9303 check digit: A=10 … Z=35, `<`=0, weights 7, 3, 1."""
    values = (int(c, 36) if c != "<" else 0 for c in text)
    return sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10


class Side:
    """One side of a card on the sheet. Positions in mm from its left upper corner."""

    def __init__(self, form: Form, left: float, top: float, part: int) -> None:
        self.form, self.sheet, self.left, self.top, self.part = form, form.sheet, left, top, part
        self._paper()

    def write(
        self,
        text: str,
        x: float,
        y: float,
        size: float = 6.4,
        style: str = "regular",
        ink: Ink | None = None,
        *,
        line: Line | None = None,
        centre: bool = False,
        family: str = "Arimo",
        section: str = "body",
    ) -> Line:
        """Prints text at (x, y) mm, on a new line of text unless one is given."""
        file = self.form.fonts.family(family, style)
        writer: Writer = Press(self.form.fonts, file, self.sheet.points(size), ink or BLACK)
        line = line or self.sheet.line(section)
        line.part = self.part
        shown = self.form.text_of(text, writer)
        width = writer.width(shown)
        narrow = 1.0 if centre else min(1.0, self.sheet.px(CARD_MM[0] - 2 - x) / max(1.0, width))
        start = self.left + self.sheet.px(x) - (width / 2 if centre else 0)
        self.sheet.write(writer, shown, start, self.top + self.sheet.px(y), line, narrow=narrow)
        return line

    def lay(self, ink: Ink, mask: np.ndarray, x: float, y: float) -> None:
        """A picture at (x, y) mm."""
        ink.lay(self.sheet.pixels, mask, round(self.left + self.sheet.px(x)), round(self.top + self.sheet.px(y)))

    def _paper(self) -> None:
        width, height = (round(self.sheet.px(mm)) for mm in CARD_MM)
        card = Sheet(CARD_MM, self.sheet.dpi, (233, 244, 240))
        guilloche(card, self.form.rng, (206, 226, 214), 1.5)
        shape = np.zeros((height, width), np.uint8)
        radius = round(self.sheet.px(3))
        cv2.rectangle(shape, (radius, 0), (width - radius, height), 255, -1)
        cv2.rectangle(shape, (0, radius), (width, height - radius), 255, -1)
        for corner in ((radius, radius), (width - radius, radius), (radius, height - radius), (width - radius, height - radius)):
            cv2.circle(shape, corner, radius, 255, -1, cv2.LINE_AA)
        x, y = round(self.left), round(self.top)
        part = self.sheet.pixels[y : y + height, x : x + width]
        np.copyto(part, card.pixels[:height, :width], where=shape[:, :, None] > 127)
        contours, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        edge = np.zeros_like(shape)
        cv2.drawContours(edge, contours, -1, 255, max(1, round(self.sheet.px(0.15))), cv2.LINE_AA)
        Ink((120, 130, 128), 0.8).lay(self.sheet.pixels, edge, x, y)


def _put(case: Case, person: Person, issued: date, expires: date) -> None:
    case.put("soDinhDanh", person.personal_number)
    case.put("hoTen", person.name.upper())
    for name, day in (("ngaySinh", person.born), ("ngayCap", issued), ("ngayHetHan", expires)):
        case.put(name, day.isoformat(), f"{day:%d/%m/%Y}")
    case.put("gioiTinh", person.sex, person.sex.capitalize())
    case.put("quocTich", "Việt Nam")
    case.put("queQuan", person.home.commune.full()[0].upper() + person.home.commune.full()[1:])
    case.put("noiCuTru", person.home.full())


def _front(form: Form, side: Side, qr: str) -> None:
    side.lay(RED, marks.emblem(form.sheet.px(11.5)), 3.5, 3)
    head = {"centre": True, "section": "header"}
    side.write("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 44, 5.4, 6.3, "bold", **head)
    side.write("Độc lập - Tự do - Hạnh phúc", 44, 8.2, 6.0, "bold", **head)
    side.write("SOCIALIST REPUBLIC OF VIET NAM", 44, 10.6, 4.4, **head)
    side.write("Independence - Freedom - Happiness", 44, 12.7, 4.4, **head)
    side.write("CĂN CƯỚC CÔNG DÂN", 42, 17.6, 10.5, "bold", RED, **head)
    side.write("Citizen Identity Card", 42, 20.6, 5.6, "bold", RED, **head)
    side.lay(BLACK, qr_mask(qr, form.sheet.px(14)), 68.6, 2.6)
    side.lay(Ink((70, 76, 84), 0.85), portrait(form.sheet.px(18), form.sheet.px(24)), 4, 18)
    line = side.write("Số / No.:", 27, 25.2, 6.6, "bold")
    side.write("{soDinhDanh}", 39, 25.2, 10.5, "bold", line=line)
    side.write("Họ và tên / Full name:", 27, 28.8, 5)
    side.write("{hoTen}", 27, 32.3, 8, "bold")
    line = side.write("Ngày sinh / Date of birth:", 27, 35.7, 5)
    side.write("{ngaySinh}", 50, 35.7, 6.6, "bold", line=line)
    line = side.write("Giới tính / Sex:", 27, 39, 5)
    for text, x, size, style in (
        ("{gioiTinh}", 42, 6.6, "bold"),
        ("Quốc tịch / Nationality:", 50, 5, "regular"),
        ("{quocTich}", 72, 6.6, "bold"),
    ):
        side.write(text, x, 39, size, style, line=line)
    side.write("Quê quán / Place of origin:", 27, 42.2, 5)
    side.write("{queQuan}", 27, 45.1, 5.8, "bold")
    line = side.write("Nơi thường trú / Place of residence:", 27, 48, 5)
    village, rest = form.case.raw["noiCuTru"].split(", ", 1)
    form.note("noiCuTru", form.writer)
    side.write(f"{village},", 58, 48, 5.8, "bold", line=line)
    side.write(rest, 27, 50.9, 5.8, "bold")
    line = side.write("Có giá trị đến:", 3.6, 46.2, 4.4)
    side.write("{ngayHetHan}", 14, 47.4, 5.2, "bold", line=line)
    side.write("Date of expiry:", 3.6, 48.4, 4.4)


def _back(form: Form, side: Side, zone: tuple[str, str, str]) -> None:
    side.write("Đặc điểm nhân dạng / Personal identification:", 4, 5.2, 5)
    side.write("Nốt ruồi c: 1,5cm dưới sau đuôi mắt trái", 4, 8.4, 6, "bold")
    line = side.write("Ngày, tháng, năm / Date, month, year:", 22, 12.4, 5)
    side.write("{ngayCap}", 54, 12.4, 6.4, "bold", line=line)
    for text, y, size, style in (
        ("CỤC TRƯỞNG CỤC CẢNH SÁT", 15.6, 4.6, "bold"),
        ("QUẢN LÝ HÀNH CHÍNH VỀ TRẬT TỰ XÃ HỘI", 17.8, 4.6, "bold"),
        ("DIRECTOR GENERAL OF THE POLICE DEPARTMENT", 19.8, 3.6, "regular"),
        ("FOR ADMINISTRATIVE MANAGEMENT OF SOCIAL ORDER", 21.6, 3.6, "regular"),
    ):
        side.write(text, 41, y, size, style, centre=True)
    rng, sheet = form.rng, form.sheet
    seal = marks.seal(form.fonts, form.fonts.family("Arimo", "bold"), "BỘ CÔNG AN ★ ", sheet.px(15), rng)
    side.lay(Ink((203, 38, 48), 0.8), seal, 28, 18.5)
    scrawl = marks.signature(rng, sheet.px(18))
    side.lay(Ink((24, 30, 90), 0.9), scrawl.mask, 33, 23)
    side.write(DIRECTOR, 41, 34.6, 5.6, "bold", centre=True, section="signatures")
    side.lay(Ink((150, 130, 70), 0.8), chip(sheet.px(11), sheet.px(9)), 5.5, 14.5)
    for x, vi, en in ((62, "Ngón trỏ trái", "Left index finger"), (73, "Ngón trỏ phải", "Right index finger")):
        side.lay(Ink((110, 60, 60), 0.7), fingerprint(sheet.px(9), sheet.px(11), rng), x, 16)
        side.write(vi, x + 4.5, 29.8, 3.8, centre=True)
        side.write(en, x + 4.5, 31.8, 3.4, "italic", centre=True)
    for place, text in enumerate(zone):
        side.write(text, 5, 41.4 + 4.2 * place, 11.4, "regular", family="Cousine", section="footer")


def qr_mask(text: str, side_px: float) -> np.ndarray:
    """The code as a mask. Modules are whole px so that a scan can be read back."""
    matrix = np.array(
        [list(row) for row in segno.make(text, error="m", mode="byte", encoding="utf-8", boost_error=False).matrix], np.uint8
    )
    scale = max(2, round(side_px / len(matrix)))
    return np.kron(matrix * np.uint8(255), np.ones((scale, scale), np.uint8))


def portrait(width: float, height: float) -> np.ndarray:
    """A head and shoulders, as a mask."""
    mask = np.full((round(height), round(width)), 50, np.uint8)
    middle = round(width / 2)
    cv2.ellipse(
        mask, (middle, round(1.02 * height)), (round(0.42 * width), round(0.40 * height)), 0, 0, 360, 150, -1, cv2.LINE_AA
    )
    cv2.ellipse(mask, (middle, round(0.38 * height)), (round(0.2 * width), round(0.21 * height)), 0, 0, 360, 190, -1, cv2.LINE_AA)
    return mask


def chip(width: float, height: float) -> np.ndarray:
    """A chip, as a mask."""
    mask = np.full((round(height), round(width)), 120, np.uint8)
    for share in (0.33, 0.66):
        cv2.line(mask, (round(width * share), 0), (round(width * share), round(height)), 230, 2)
        cv2.line(mask, (0, round(height * share)), (round(width), round(height * share)), 230, 2)
    return mask


def fingerprint(width: float, height: float, rng: np.random.Generator) -> np.ndarray:
    """A fingerprint, as a mask."""
    mask = np.zeros((round(height), round(width)), np.uint8)
    middle = (round(width / 2), round(height * 0.55))
    for radius in np.arange(2, width / 2, 3.5):
        axes = (round(radius), round(radius * 1.25))
        cv2.ellipse(mask, middle, axes, float(rng.uniform(-12, 12)), 20, float(rng.uniform(300, 350)), 200, 1, cv2.LINE_AA)
    return mask
