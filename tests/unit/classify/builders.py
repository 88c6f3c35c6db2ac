"""Pages of papers that several tests of classification read."""

from __future__ import annotations

from dataclasses import replace

from digitizer.classify import classify
from digitizer.classify.phrases import Phrases
from digitizer.classify.score import score
from digitizer.doctypes import DocType
from digitizer.model import Document, PageText
from tests.unit.builders import OURS, page_of

NATION = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
DECLARATION = page_of(
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "TỜ KHAI ĐĂNG KÝ KHAI SINH",
    "Kính gửi: UBND xã Xuân Lập",
    "Họ, chữ đệm, tên người yêu cầu: PHÙNG HỒNG OANH",
    "Nơi cư trú: Thôn Cầu Mơ",
    "Quan hệ với người được khai sinh: Mẹ đẻ",
    "Đề nghị cơ quan đăng ký khai sinh cho người dưới đây:",
    "Ngày, tháng, năm sinh: 27.10.2022",
    "Họ, chữ đệm, tên mẹ: PHÙNG HỒNG OANH",
    "Họ, chữ đệm, tên cha: TẨN XUÂN KIỂM",
)
DEATHS = page_of(
    "Số: 22/2019 Quyển số: 01/2019 Ngày, tháng, năm đăng ký: 01-07-2019",
    "Phần ghi về người được khai tử",
    "Họ, chữ đệm, tên: LY BẢO QUÝ",
    "Nơi cư trú cuối cùng: Thôn Khuôn Pục",
    "Đã chết vào lúc 11 giờ 10 phút",
    "Nơi chết: tại nhà",
    "Nguyên nhân chết: Đuối nước",
    "Người đi đăng ký khai tử",
    "Người thực hiện",
    "Trang số: 22",
)
BIRTH = (
    "Số: 41/2018 Quyển số: 01/2018 Ngày, tháng, năm đăng ký: 07/05/2018",
    "Người được đăng ký khai sinh",
    "Họ, chữ đệm, tên: LÝ THỊ MAI",
    "Nơi sinh: Trạm Y tế xã Tú Thịnh",
    "Quê quán: xã Tú Thịnh",
    "Họ, chữ đệm, tên mẹ: LÒ THỊ HOA",
    "Họ, chữ đệm, tên cha: LÝ VĂN A",
    "Trang số: 41",
)
MENU = page_of("Phở bò tái chín", "Bún chả Hà Nội", "Cà phê sữa đá")


def found(*pages: PageText) -> list[Document]:
    """The documents of a bundle of these pages."""
    return list(classify(pages, range(len(pages)), bundle="b", doctypes=OURS))


def types(*pages: PageText, doctypes: dict[str, DocType] | None = None) -> list[tuple[str | None, tuple[int, ...]]]:
    """Type and pages of each document of a bundle of these pages."""
    found = classify(pages, range(len(pages)), bundle="b", doctypes=doctypes or OURS)
    return [(d.doctype, d.pages) for d in found]


def without(page: PageText, text: str) -> PageText:
    """`page` without its one line that holds `text`."""
    kept = tuple(k for k in page.lines if text not in k.text)
    assert len(kept) == len(page.lines) - 1
    return replace(page, lines=kept)


def best(page: PageText, doctypes: dict[str, DocType] | None = None) -> tuple[str, float]:
    """The likeliest type of a page, and its score."""
    first = score(Phrases.of([(0, page)]), doctypes or OURS)[0]
    return first.doctype, first.value
