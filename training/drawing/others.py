"""What lies between the papers of a dossier: backs with instructions, papers of no declared type, another language."""

from __future__ import annotations

import numpy as np

from training.drawing.cases import Case
from training.drawing.certificates import motto
from training.drawing.fonts import Fonts
from training.drawing.forms import Column, Form, printing, values_by
from training.drawing.letters import WHITE, authority, letterhead, plain
from training.drawing.paper import Sheet

NOTES = (
    "(1) Ghi rõ tên cơ quan đăng ký hộ tịch.",
    "(2) Ghi theo nơi đăng ký thường trú; nếu không có thì ghi theo nơi đăng ký tạm trú; nếu không có nơi thường trú và tạm trú "
    "thì ghi theo nơi đang sinh sống.",
    "(3) Ghi rõ loại giấy tờ, số, cơ quan cấp, ngày cấp hộ chiếu, chứng minh nhân dân hoặc giấy tờ hợp lệ thay thế.",
    "(4) Trường hợp đánh dấu vào ô có thì ghi rõ số lượng bản sao cần cấp.",
    "(5) Chỉ khai khi người yêu cầu không đồng thời là người được đăng ký.",
)
ENGLISH = (
    "To whom it may concern,",
    "This is to certify that the person named below has been employed by our company since the first of March and is still "
    "working with us as a production engineer. The employee has always been reliable, and no disciplinary measures were taken "
    "during the whole period of employment.",
    "This letter is issued at the request of the employee and may be used for any legal purpose, including an application for a "
    "residence permit. Please do not hesitate to contact our office should you require further information.",
    "Yours sincerely,",
)


def instructions(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int) -> Sheet:
    """The back of a declaration: what its numbers mean."""
    form = plain(fonts, case, rng, dpi, "printer", size_pt=12)
    column = Column(form, form.sheet.px(25), form.sheet.px(190), form.sheet.px(26))
    column.text("Chú thích:", "bold")
    for text in NOTES:
        column.text(text, "italic", align="justify", pitch=0.8)
    return form.sheet


def foreign(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int) -> Sheet:
    """A letter in English."""
    form = plain(fonts, case, rng, dpi, "printer", size_pt=12)
    column = Column(form, form.sheet.px(28), form.sheet.px(186), form.sheet.px(40))
    column.text("CERTIFICATE OF EMPLOYMENT", "bold", size=1.3, align="centre", pitch=2)
    for text in ENGLISH:
        column.text(text, align="justify", pitch=0.85)
        column.gap(3)
    return form.sheet


def notice(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int) -> Sheet:
    """A paper of no declared type: an invitation with number and seal."""
    case.put("so", f"{int(rng.integers(3, 200))}/GM-UBND")
    form = plain(fonts, case, rng, dpi, "printer", dots=None)
    y = letterhead(form, case.when, dated_field="")
    column = Column(form, form.sheet.px(28), form.sheet.px(190), y + form.sheet.px(8))
    column.text("GIẤY MỜI", "bold", size=1.3, align="centre")
    column.text("Họp thôn triển khai công tác phòng, chống thiên tai", "bold", align="centre", pitch=1.4)
    for text in (
        "Thời gian: 08 giờ 00 phút, thứ bảy.",
        "Địa điểm: Nhà văn hóa thôn.",
        "Thành phần: Trưởng thôn, Bí thư chi bộ, đại diện các hộ gia đình.",
        "Đề nghị các đồng chí có mặt đúng giờ để cuộc họp đạt kết quả.",
    ):
        column.text(text, align="justify", indent_mm=10)
    authority(form, column.y + form.sheet.px(4))
    return form.sheet


def receipt(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int) -> Sheet:
    """A receipt for a fee: no declared type either."""
    sheet = Sheet((210, 148), dpi, WHITE)
    form = Form(fonts, sheet, case, printing(fonts, rng), rng, values_by(fonts, sheet, rng, "hand"))
    column = Column(form, sheet.px(22), sheet.px(188), sheet.px(20))
    motto(column)
    column.text("BIÊN LAI THU PHÍ, LỆ PHÍ", "bold", size=1.2, align="centre")
    column.row(("Tên đơn vị hoặc người nộp tiền: ", case.people["person"].name))
    column.row(("Lý do nộp: ", "Lệ phí hộ tịch"))
    column.row(("Số tiền: ", f"{int(rng.integers(1, 9)) * 5}.000 đồng"))
    column.row(("Hình thức thanh toán: ", "Tiền mặt"))
    return sheet
