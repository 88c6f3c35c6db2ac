"""What happened and how the office wrote it down: births, marriages, deaths, certificates, each with all field values agreeing.

Field names and normal forms are those of the document-type catalogue. `plant` puts a contradiction in, on purpose and on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from training.drawing import people, places
from training.drawing.people import Person
from training.drawing.places import Commune
from training.drawing.wording import Manner, manner

Value = str | bool | list[str]
#: tick label -> code of the Ministry's import sheet. Empty where the list has none.
BIRTH_TICKS = {
    "Đúng hạn": "1",
    "Quá hạn": "4",
    "Đăng ký lại": "2",
    "Trẻ chưa xác định được cha mẹ": "",
    "Trẻ bị bỏ rơi": "",
    "Ghi vào sổ hộ tịch việc khai sinh": "3",
}
MARRIAGE_TICKS = {"Kết hôn lần đầu": "1", "Đăng ký lại": "2", "Ghi chú kết hôn": ""}
DEATH_TICKS = {
    "Đúng hạn": "1",
    "Quá hạn": "4",
    "Đăng ký lại": "2",
    "Trẻ dưới 01 tuổi": "",
    "Trẻ từ 01 tuổi đến dưới 5 tuổi": "",
    "Ghi vào sổ hộ tịch việc khai tử": "3",
}
CAUSES = (
    "Bệnh già",
    "Già yếu",
    "Tai nạn giao thông",
    "Suy hô hấp",
    "Nhồi máu cơ tim",
    "Ung thư gan",
    "Tai biến mạch máu não",
    "Đuối nước",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A People's Committee with the people who sign and write there."""

    commune: Commune
    signer: str
    position: str
    clerk: str


@dataclass(slots=True, kw_only=True)
class Case:
    """One registered event, or one certificate.

    `values` holds the normal form of every field, `raw` what is written on paper. A form prints some of them, and the truth lists
    only those.
    """

    office: Office
    when: date
    manner: Manner
    people: dict[str, Person] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    ticks: dict[str, bool] = field(default_factory=dict)
    planted: list[dict[str, object]] = field(default_factory=list)

    @property
    def commune(self) -> Commune:
        """Where it is registered."""
        return self.office.commune

    def put(self, name: str, value: Value, raw: str | None = None) -> None:
        """Sets one field. `raw` is what the paper says, where that differs from the value."""
        self.values[name] = value
        self.raw[name] = str(value) if raw is None else raw

    def put_day(self, name: str, when: date) -> None:
        """A date field, written in the case's manner."""
        self.put(name, when.isoformat(), self.manner.day(when))


def office(rng: np.random.Generator, when: date, commune: Commune | None = None) -> Office:
    """An office, as it was called at `when`."""
    commune = commune or places.commune(rng, when)
    signer, clerk = (_official(rng, commune, when) for _ in range(2))
    return Office(commune=commune, signer=signer, position="Chủ tịch" if rng.random() < 0.6 else "Phó Chủ tịch", clerk=clerk)


def opened(rng: np.random.Generator, when: date, at: Office | None) -> Case:
    """A case of which only the office is known."""
    at = at or office(rng, when)
    case = Case(office=at, when=when, manner=manner(rng))
    case.put("nguoiKy", at.signer)
    case.put("chucVuNguoiKy", at.position)
    case.put("nguoiThucHien", at.clerk)
    return case


def birth(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A birth registered `when` as number `number` of the year's book."""
    case = opened(rng, when, at)
    home = places.home(rng, case.commune)
    born = when - timedelta(days=int(rng.integers(3, 58)))
    father = people.person(rng, home=home, sex="nam", born=people.years_before(born, rng.uniform(21, 42)), when=when)
    mother = people.person(rng, home=home, sex="nữ", born=people.years_before(born, rng.uniform(19, 36)), when=when)
    sex = "nam" if rng.random() < 0.5 else "nữ"
    child = people.person(rng, home=home, sex=sex, born=born, when=when, surname=father.surname, ethnicity=father.ethnicity)
    case.people |= {"child": child, "mother": mother, "father": father}
    put_entry(case, number)
    _put_child(case, rng)
    _put_parent(case, "me", mother)
    _put_parent(case, "cha", father)
    put_declarant(case, rng, *((mother, "Mẹ đẻ") if rng.random() < 0.4 else (father, "Cha đẻ")))
    case.put("noiDangKy", case.commune.committee())
    tick(case, BIRTH_TICKS, "Đúng hạn")
    return case


def marriage(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A marriage registered `when`."""
    case = opened(rng, when, at)
    near = places.home(rng, case.commune)
    far = places.home(rng, places.commune(rng, when) if rng.random() < 0.4 else case.commune)
    husband = people.person(rng, home=near, sex="nam", born=people.years_before(when, rng.uniform(20.5, 36)), when=when)
    wife = people.person(rng, home=far, sex="nữ", born=people.years_before(when, rng.uniform(18.5, 33)), when=when)
    case.people |= {"wife": wife, "husband": husband}
    put_entry(case, number)
    for prefix, who in (("vo", wife), ("chong", husband)):
        put_person(case, prefix, who, rng)
    case.put_day("ngayXacLapQuanHeHonNhan", when)
    case.put("noiDangKy", case.commune.committee())
    tick(case, MARRIAGE_TICKS, "Kết hôn lần đầu")
    return case


def death(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A death registered `when`."""
    case = opened(rng, when, at)
    home = places.home(rng, case.commune)
    died = when - timedelta(days=int(rng.integers(1, 14)))
    sex = "nam" if rng.random() < 0.5 else "nữ"
    dead = people.person(rng, home=home, sex=sex, born=people.years_before(died, rng.uniform(41, 92)), when=died)
    relative = people.person(
        rng,
        home=home,
        sex="nam" if rng.random() < 0.6 else "nữ",
        born=dead.born + timedelta(days=int(rng.integers(7000, 13000))),
        when=when,
        surname=dead.surname if sex == "nam" else "",
        ethnicity=dead.ethnicity,
    )
    case.people |= {"dead": dead, "declarant": relative}
    put_entry(case, number)
    put_person(case, "nkt", dead, rng)
    _put_death(case, rng, died)
    put_declarant(case, rng, relative, "Con")
    tick(case, DEATH_TICKS, "Đúng hạn")
    return case


def single(rng: np.random.Generator, when: date, number: int, at: Office | None = None) -> Case:
    """A certificate that somebody is not married."""
    case = opened(rng, when, at)
    sex = "nam" if rng.random() < 0.5 else "nữ"
    home = places.home(rng, case.commune)
    who = people.person(rng, home=home, sex=sex, born=people.years_before(when, rng.uniform(20, 40)), when=when)
    case.people["person"] = who
    put_person(case, "nxn", who, rng)
    case.put("so", f"{number}/UBND-XNTTHN")
    case.put("nxnThoiGianCuTruTai", home.full())
    case.put_day("nxnThoiGianCuTruTu", people.years_before(when, rng.uniform(0.6, 6)))
    case.put_day("nxnThoiGianCuTruDen", when)
    case.put("nxnTinhTrangHonNhan", ("Chưa đăng ký kết hôn với ai", "Hiện tại chưa đăng ký kết hôn với ai")[int(rng.integers(2))])
    case.put(
        "nxnMucDichSuDung",
        ("đăng ký kết hôn", "bổ sung hồ sơ vay vốn ngân hàng", "làm thủ tục chuyển nhượng quyền sử dụng đất")[
            int(rng.integers(3))
        ],
    )
    return case


def note(rng: np.random.Generator, case: Case, kind: str) -> None:
    """A later remark for the margin, dated after the registration."""
    later = case.when + timedelta(days=int(rng.integers(200, 1800)))
    number = int(rng.integers(3, 260))
    texts = {
        "copy": f"Ngày {case.manner.day(later)} đã cấp bản sao Trích lục {kind_of(case)} số {number}/TL-BS",
        "correction": f"Cải chính năm sinh theo Quyết định số {number}/QĐ-UBND ngày {case.manner.day(later)}",
        "ethnicity": f"Bổ sung dân tộc theo Quyết định số {number}/QĐ-UBND ngày {case.manner.day(later)}",
    }
    case.put("ghiChu", [texts[kind]], texts[kind])


def kind_of(case: Case) -> str:
    """`khai sinh`, `kết hôn`, `khai tử`."""
    return "khai sinh" if "child" in case.people else "kết hôn" if "wife" in case.people else "khai tử"


def plant(rng: np.random.Generator, case: Case, kind: str) -> None:
    """A contradiction: words (against digits), idyear, idsex (number against person), order (registered before it happened)."""
    child = case.people["child"]
    number = child.personal_number
    if kind == "words":
        other = child.born.replace(day=1 + (child.born.day + int(rng.integers(1, 9))) % 28)
        case.put("nksNgaySinhBangChu", case.manner.in_words(other))
        _planted(case, kind, ("nksNgaySinh", "nksNgaySinhBangChu"), "date in words differs from the date in digits")
    elif kind == "idyear":
        case.put("nksSoDinhDanh", f"{number[:4]}{(int(number[4:6]) + 1) % 100:02}{number[6:]}")
        _planted(
            case, kind, ("nksSoDinhDanh", "nksNgaySinh"), "birth-year digits of the personal number contradict the date of birth"
        )
    elif kind == "idsex":
        case.put("nksSoDinhDanh", f"{number[:3]}{int(number[3]) ^ 1}{number[4:]}")
        _planted(case, kind, ("nksSoDinhDanh", "nksGioiTinh"), "sex digit of the personal number contradicts the sex")
    else:
        case.put_day("ngayDangKy", child.born - timedelta(days=int(rng.integers(2, 25))))
        _planted(case, "order", ("ngayDangKy", "nksNgaySinh"), "registered before the child was born")


def _planted(case: Case, kind: str, fields: Iterable[str], detail: str) -> None:
    case.planted.append({"kind": kind, "fields": list(fields), "detail": detail})


def _official(rng: np.random.Generator, place: Commune, when: date) -> str:
    born = people.years_before(when, rng.uniform(28, 57))
    return people.person(rng, home=places.home(rng, place), sex="nam" if rng.random() < 0.7 else "nữ", born=born, when=when).name


def put_entry(case: Case, number: int) -> None:
    """Number, volume, page and day of an entry in a book."""
    case.put("so", f"{number}/{case.when.year}")
    case.put("quyenSo", f"01/{case.when.year}")
    case.put_day("ngayDangKy", case.when)
    case.put("trangSo", str(number))


def _put_child(case: Case, rng: np.random.Generator) -> None:
    child, how = case.people["child"], case.manner
    case.put("nksHoTen", how.name(child.name))
    case.put_day("nksNgaySinh", child.born)
    case.put("nksNgaySinhBangChu", how.in_words(child.born))
    case.put("nksGioiTinh", child.sex, child.sex.capitalize() if rng.random() < 0.7 else child.sex)
    case.put("nksDanToc", child.ethnicity)
    case.put("nksQuocTich", child.nationality)
    case.put("nksNoiSinh", places.hospital(rng, case.commune))
    case.put("nksQueQuan", _capital(case.commune.short() if how.abbreviated else case.commune.full()))
    if case.when.year >= 2016:
        case.put("nksSoDinhDanh", child.personal_number)


def _put_parent(case: Case, prefix: str, who: Person) -> None:
    case.put(f"{prefix}HoTen", case.manner.name(who.name))
    case.put(f"{prefix}NgaySinh", str(who.born.year))
    _put_common(case, prefix, who)


def put_person(case: Case, prefix: str, who: Person, rng: np.random.Generator) -> None:
    """The seven labels of a person."""
    case.put(f"{prefix}HoTen", case.manner.name(who.name))
    case.put_day(f"{prefix}NgaySinh", who.born)
    case.put(f"{prefix}GioiTinh", who.sex, who.sex.capitalize())
    case.put(f"{prefix}SoGiayToTuyThan", who.paper.number, who.paper.written(case.manner, int(rng.integers(3))))
    _put_common(case, prefix, who)


def _put_common(case: Case, prefix: str, who: Person) -> None:
    case.put(f"{prefix}DanToc", who.ethnicity)
    case.put(f"{prefix}QuocTich", who.nationality)
    case.put(f"{prefix}NoiCuTru", who.home.short() if case.manner.abbreviated else who.home.full())


def put_declarant(case: Case, rng: np.random.Generator, who: Person, relation: str) -> None:
    """Who came to have something registered, and where."""
    case.people["declarant"] = who
    case.put("nycHoTen", case.manner.name(who.name))
    case.put("nycQuanHe", relation)
    case.put("nycSoGiayToTuyThan", who.paper.number, who.paper.written(case.manner, int(rng.integers(3))))
    case.put("nycNoiCuTru", who.home.full())
    case.put("kinhGui", f"UBND {case.commune.full()}")


def _put_death(case: Case, rng: np.random.Generator, died: date) -> None:
    hour, minute = int(rng.integers(24)), int(rng.choice((0, 5, 10, 15, 20, 30, 40, 45, 50)))
    case.put("nktGioPhutChet", f"{hour:02}:{minute:02}", f"{hour:02} giờ {minute:02} phút")
    case.put_day("nktNgayChet", died)
    case.put("nktNgayChetGhiBangChu", case.manner.in_words(died))
    at_home = rng.random() < 0.6
    case.put("nktNoiChet", f"Tại nhà, {case.people['dead'].home.full()}" if at_home else places.hospital(rng, case.commune))
    case.put("nktNguyenNhanChet", CAUSES[int(rng.integers(len(CAUSES)))])
    case.put("gbtSo", f"{int(rng.integers(2, 120))}/GBT-UBND")
    case.put_day("gbtNgay", died + timedelta(days=min(1, (case.when - died).days)))
    case.put("gbtCoQuanCap", f"Ủy ban nhân dân {case.commune.name}")


def tick(case: Case, codes: Mapping[str, str], label: str) -> None:
    """Tick one box of a record. A label without a code says nothing of the kind of registration."""
    case.ticks = {name: name == label for name in codes}
    for said in (case.values, case.raw):
        said.pop("loaiDangKy", None)
    if codes[label]:
        case.put("loaiDangKy", codes[label], label)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
