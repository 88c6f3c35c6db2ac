"""TỜ KHAI of deaths, marriages and marital status: filled in at the counter, signed, never sealed."""

from __future__ import annotations

import numpy as np

from training.drawing.cases import Case
from training.drawing.extracts import dead, person
from training.drawing.fonts import Fonts
from training.drawing.forms import Column, Form, Signer, signatures, wrap
from training.drawing.ink import Hand
from training.drawing.letters import made_at, plain
from training.drawing.wording import long_date

TRUE = "Tôi cam đoan những nội dung khai trên đây là đúng sự thật và chịu trách nhiệm trước pháp luật về cam đoan của mình."
GRID = (
    ("Họ, chữ đệm, tên", "HoTen"),
    ("Ngày, tháng, năm sinh", "NgaySinh"),
    ("Dân tộc", "DanToc"),
    ("Quốc tịch", "QuocTich"),
    ("Nơi cư trú", "NoiCuTru"),
    ("Giấy tờ tùy thân", "SoGiayToTuyThan"),
    ("Kết hôn lần thứ mấy", ""),
)


def death_declaration(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """TỜ KHAI ĐĂNG KÝ KHAI TỬ."""
    form, column = _headed(fonts, case, rng, dpi, how, "TỜ KHAI ĐĂNG KÝ KHAI TỬ")
    _declarant(column, "Quan hệ với người đã chết: ")
    column.text("Đề nghị cơ quan đăng ký khai tử cho người có tên dưới đây:", "bold")
    dead(column)
    column.row(("Giấy báo tử số: ", "{gbtSo}", 1.0), ("Do: ", "{gbtCoQuanCap}", 1.6))
    column.row(("Cấp ngày: ", "{gbtNgay}"))
    return _closed(form, column)


def marital_status_declaration(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """TỜ KHAI CẤP GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN."""
    form, column = _headed(fonts, case, rng, dpi, how, "TỜ KHAI CẤP GIẤY XÁC NHẬN TÌNH TRẠNG HÔN NHÂN")
    _declarant(column, "Quan hệ với người được cấp Giấy xác nhận tình trạng hôn nhân: ")
    column.text("Đề nghị cấp Giấy xác nhận tình trạng hôn nhân cho người có tên dưới đây:", "bold")
    person(column, "nxn")
    column.row(("Trong thời gian cư trú tại: ", "{nxnThoiGianCuTruTai}"))
    column.row(("từ ngày ", "{nxnThoiGianCuTruTu}"), ("đến ngày ", "{nxnThoiGianCuTruDen}"))
    column.row(("Tình trạng hôn nhân: ", "{nxnTinhTrangHonNhan}"))
    column.row(("Mục đích sử dụng Giấy xác nhận tình trạng hôn nhân: ", "{nxnMucDichSuDung}"))
    return _closed(form, column)


def marriage_declaration(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand = "hand") -> Form:
    """TỜ KHAI ĐĂNG KÝ KẾT HÔN: a grid with a column for each side."""
    case.put("kinhGui", f"UBND {case.commune.full()}")
    form, column = _headed(fonts, case, rng, dpi, how, "TỜ KHAI ĐĂNG KÝ KẾT HÔN")
    _grid(column)
    column.gap(4)
    column.text(
        "Chúng tôi cam đoan những lời khai trên đây là đúng sự thật, việc kết hôn của chúng tôi là tự nguyện, không vi phạm quy "
        "định của Luật Hôn nhân và gia đình Việt Nam. Chúng tôi chịu hoàn toàn trách nhiệm trước pháp luật về nội dung cam đoan "
        "của mình. Đề nghị Quý cơ quan đăng ký.",
        align="justify",
        indent_mm=9,
        pitch=0.85,
    )
    _made(form, column)
    people, hint = case.people, "(Ký, ghi rõ họ, chữ đệm, tên)"
    signatures(
        column,
        [
            Signer(title="Bên nam", hint=hint, name=people["husband"].name),
            Signer(title="Bên nữ", hint=hint, name=people["wife"].name),
        ],
    )
    return form


def _headed(fonts: Fonts, case: Case, rng: np.random.Generator, dpi: int, how: str | Hand, title: str) -> tuple[Form, Column]:
    form = plain(fonts, case, rng, dpi, how, pitch_mm=float(rng.uniform(7.2, 7.7)))
    sheet = form.sheet
    column = Column(form, sheet.px(25), sheet.px(190), sheet.px(20), "header")
    column.text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "bold", align="centre", pitch=0.75)
    column.text("Độc lập - Tự do - Hạnh phúc", "bold", align="centre", pitch=1.3, underline=True)
    column.text(title, "bold", size=1.2, align="centre", pitch=1.2)
    column.section = "body"
    inner = Column(form, sheet.px(40), column.x1, column.y)
    inner.row(("Kính gửi: ", "{kinhGui}"))
    column.y = inner.y
    return form, column


def _declarant(column: Column, relation: str) -> None:
    column.row(("Họ, chữ đệm, tên người yêu cầu: ", "{nycHoTen}"))
    column.row(("Nơi cư trú: ", "{nycNoiCuTru}"))
    column.row(("Giấy tờ tùy thân: ", "{nycSoGiayToTuyThan}"))
    column.row((relation, "{nycQuanHe}"))


def _closed(form: Form, column: Column) -> Form:
    column.text(TRUE, align="justify", indent_mm=9, pitch=0.85)
    made_at(form, column)
    return form


def _made(form: Form, column: Column) -> None:
    italic = form.press("italic")
    day, month, year = long_date(form.case.when).split()[1::2]
    pieces = ((f"{form.case.commune.bare}, ngày", italic), (day, form.writer), ("tháng", italic), (month, form.writer))
    column.inline(*pieces, ("năm", italic), (year, form.writer), align="right")


def _grid(column: Column) -> None:
    """Three ruled columns: what is asked, the bride's side, the groom's."""
    form, sheet = column.form, column.form.sheet
    edges = [column.x0 + share * (column.x1 - column.x0) for share in (0, 0.26, 0.63, 1)]
    top = tops = column.y - sheet.px(5)
    rules = [top]
    heads = (("Thông tin", ""), ("Bên nữ", "vo"), ("Bên nam", "chong"))
    line, bold = sheet.line("body"), form.press("bold")
    for (title, _), left, right in zip(heads, edges, edges[1:], strict=False):
        sheet.write(bold, title, (left + right - bold.width(title)) / 2, column.y + sheet.px(1), line)
    column.y += sheet.px(9)
    rules.append(column.y - sheet.px(6))
    for label, name in GRID:
        ends = [
            _cell(column, label, edges[0], edges[1], form.press()),
            *(_cell(column, form.text_of(f"{{{p}{name}}}", form.writer) if name else "Một", left, right, form.writer)
              for p, left, right in (("vo", edges[1], edges[2]), ("chong", edges[2], edges[3]))),
        ]  # fmt: skip
        column.y = max(ends)
        rules.append(column.y - sheet.px(5.5))
    for y in rules:
        sheet.rule(edges[0], y, edges[-1], y, 0.25)
    for x in edges:
        sheet.rule(x, tops, x, rules[-1], 0.25)


def _cell(column: Column, text: str, left: float, right: float, writer: object) -> float:
    """Text wrapped in a cell. Returns the next baseline."""
    sheet, pitch = column.form.sheet, column.form.sheet.px(6.4)
    room, y = right - left - sheet.px(3), column.y
    for piece in wrap(writer, text, room, room):  # type: ignore[arg-type]
        if piece:
            narrow = min(1.0, room / max(1.0, writer.width(piece)))  # type: ignore[attr-defined]
            sheet.write(writer, piece, left + sheet.px(1.5), y, sheet.line("body"), narrow=narrow)  # type: ignore[arg-type]
            y += pitch
    return max(y, column.y + pitch) + sheet.px(1.5)
