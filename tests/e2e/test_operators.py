"""What operators see and type: Vietnamese names, names of files, short ids, local times."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digitizer.ledger import outbox, records, submissions
from digitizer.ledger.outbox import NewDelivery
from digitizer.model import Field, Intake, IntakeState, Problem, Record, RecordState, Verdict
from digitizer.serialization import to_plain
from digitizer.service import Service
from digitizer.settings import Settings
from tests.conftest import Answer

Command = Callable[..., Answer]

DOSSIER = "H60.127.03-260930-0012"
#: the bundle of a birth certificate
CERTIFICATE = "9f86d081" + "a" * 56
#: a bundle whose id begins in the same way
TWIN = "9f86d081" + "b" * 56
#: a file that could not be read
BROKEN = "e3b0c442" + "c" * 56
#: the beginning of the first bundle that lists show
SHORT = CERTIFICATE[:12]
#: an id that nobody can read
LONG_ID = re.compile(r"[0-9a-f]{24}")
RECEIVED = datetime(2026, 11, 30, 18, 5, 59, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The home of the `digitizer` fixture, seeded."""
    made = tmp_path / "made.pdf"
    made.write_bytes(b"%PDF-1.7")
    with Service.open(Settings(home=tmp_path / "home")) as service, service.context.ledger.begin() as tx:
        key = service.context.store.put_file(made)
        for number, (bundle, name) in enumerate(
            [(CERTIFICATE, "giấy khai sinh.jpg"), (TWIN, "đơn.pdf"), (BROKEN, "hỏng.pdf")], start=1
        ):
            submissions.add_source(tx, bundle, f"{bundle[:2]}/{bundle}", 10)
            submissions.add_bundle(tx, bundle, [bundle])
            intake = Intake(id=f"{number}" * 32, bundle=bundle, name=name, dossier=DOSSIER if number == 1 else None,
                            actor="test", received_at=RECEIVED)  # fmt: skip
            submissions.add_intake(tx, intake)
            state = IntakeState.FAILED if bundle == BROKEN else IntakeState.DIGITIZED
            submissions.move_intakes(tx, bundle, [IntakeState.RECEIVED], state, actor="test")
        submissions.move_bundle(tx, CERTIFICATE, ["NEW"], "DONE", result="ACCEPTED")
        submissions.save_artifacts(tx, CERTIFICATE, {kind: (kind, key) for kind in ("pdf", "json")})
        submissions.move_bundle(tx, TWIN, ["NEW"], "DONE")
        submissions.move_bundle(tx, BROKEN, ["NEW"], "FAILED", error=to_plain(Problem(code="damaged_file")))
        field = Field(name="nksHoTen", raw="NGUYỄN VĂN A", value="NGUYỄN VĂN A", confidence=0.9, accepted=False,
                      problems=(Problem(code="not_a_name", field="nksHoTen"),))  # fmt: skip
        for bundle, doctype in ((CERTIFICATE, "birth_certificate"), (TWIN, None)):
            proposed = Record(id=f"{bundle}/0/0", revision=1, fields=(field,), verdict=Verdict.REVIEW, reasons=())
            records.propose(tx, bundle, doctype, proposed, actor="test")
        new = NewDelivery(kind="attach", target="dossiers", order_key=DOSSIER, key="k", intake="1" * 32, dossier=DOSSIER)
        outbox.add(tx, new, actor="test")
    yield tmp_path / "home"


def state_of(home: Path, record: str) -> RecordState:
    with Service.open(Settings(home=home)) as service:
        return service.review.find_one(record).state


@pytest.fixture(autouse=True)
def hanoi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Ho_Chi_Minh")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("command", [["records"], ["records", SHORT], ["status"], ["attach"], ["deliveries", "list"]])
def test_lists_show_words_and_file_names_and_no_codes(digitizer: Command, command: list[str]) -> None:
    shown = digitizer(*command).out
    assert shown
    assert not LONG_ID.search(shown), shown
    for code in ("birth_certificate", "nksHoTen", "REVIEW", "DIGITIZED", "FAILED", "PENDING", "damaged_file", "None"):
        assert code not in shown


@pytest.mark.usefixtures("home")
def test_a_record_is_listed_with_its_file_and_the_title_of_its_type(digitizer: Command) -> None:
    first, second = digitizer("records").out.splitlines()
    assert first == f"{SHORT}/0/0  giấy khai sinh.jpg  Giấy khai sinh  chờ người xem  0/1 giá trị chắc chắn"
    assert second.startswith(f"{TWIN[:12]}/0/0  đơn.pdf  chưa rõ loại giấy tờ")


@pytest.mark.usefixtures("home")
def test_the_fields_of_a_record_have_their_labels(digitizer: Command) -> None:
    _, field, problem = digitizer("records", f"{SHORT}/0/0").out.splitlines()
    assert field.split()[:2] == ["?", "Họ,"]
    assert "Họ, chữ đệm, tên người được khai sinh" in field
    assert "máy đọc" in field
    assert problem.strip() == "Họ, chữ đệm, tên người được khai sinh: không phải họ tên."


@pytest.mark.usefixtures("home")
def test_json_keeps_the_names_and_the_whole_ids(digitizer: Command) -> None:
    (record,) = digitizer("records", SHORT, "--json").json
    assert (record["record"], record["doctype"], record["state"]) == (f"{CERTIFICATE}/0/0", "birth_certificate", "REVIEW")
    assert record["fields"][0]["name"] == "nksHoTen"
    assert digitizer("status", "--json").json["records"] == {"REVIEW": 2}


@pytest.mark.usefixtures("home")
def test_status_tells_what_failed_and_what_waits_for_its_dossier(digitizer: Command) -> None:
    lines = digitizer("status").out.splitlines()
    assert "Tệp: 2 đã số hóa, 1 lỗi" in lines
    assert "  lỗi: hỏng.pdf (333333333333). Tệp bị hỏng hoặc bị cắt ngắn. Hãy quét lại hoặc chép lại tệp." in lines
    assert "    đơn.pdf (222222222222)" in lines


def test_a_field_is_corrected_by_its_label_or_its_name(digitizer: Command, home: Path) -> None:
    assert digitizer("correct", SHORT, "ho, chu dem, ten nguoi duoc khai sinh=TRẦN THỊ B", "--by", "can.bo").code == 0
    assert digitizer("correct", SHORT, "nksGioiTinh=Nữ", "--by", "can.bo").code == 0
    (record,) = digitizer("records", SHORT, "--json").json
    values = {field["name"]: field["value"] for field in record["fields"]}
    assert (values["nksHoTen"], record["revision"]) == ("TRẦN THỊ B", 3)
    assert values["nksGioiTinh"]
    assert digitizer("correct", SHORT, "dân tộc=Kinh", "--by", "can.bo").code == 1, "the child's, the mother's or the father's"
    twice = digitizer("correct", SHORT, "nksHoTen=A", "Họ, chữ đệm, tên người được khai sinh=B", "--by", "can.bo")
    assert twice.code == 1
    assert state_of(home, f"{CERTIFICATE}/0/0") == RecordState.REVIEW


@pytest.mark.usefixtures("home")
def test_a_beginning_of_several_ids_is_refused_with_a_list_of_them(digitizer: Command) -> None:
    refused = digitizer("reject", CERTIFICATE[:8], "--by", "can.bo", "--reason", "x")
    assert refused.code == 1
    assert f"Có nhiều mã bắt đầu bằng {CERTIFICATE[:8]}" in refused.err
    assert f"{CERTIFICATE}/0/0" in refused.err
    assert f"{TWIN}/0/0" in refused.err


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("command", [["retry", "4"], ["approve", "4", "--by", "a"], ["records", "4"], ["clients", "revoke", "4"]])
def test_a_beginning_of_no_id_is_refused(digitizer: Command, command: list[str]) -> None:
    refused = digitizer(*command)
    assert refused.code == 1
    assert refused.err.strip() == "Không có mã nào bắt đầu bằng 4. Hãy kiểm tra mã."


def test_commands_take_the_beginning_of_an_id(digitizer: Command, home: Path) -> None:
    assert digitizer("approve", SHORT, "--by", "lanh.dao").code == 0
    assert state_of(home, f"{CERTIFICATE}/0/0") in (RecordState.READY, RecordState.ATTACHED)
    assert digitizer("reject", TWIN[:12], "--by", "lanh.dao", "--reason", "nháp").code == 0
    assert state_of(home, f"{TWIN}/0/0") == RecordState.REFUSED
    assert digitizer("retry", "33", "--by", "can.bo").code == 0
    assert digitizer("status", "--json").json["intakes"] == {"DIGITIZED": 2, "RECEIVED": 1}
    assert digitizer("reprocess", "2222", "--reason", "thử", "--by", "can.bo").code == 0
    assert digitizer("status", "--json").json["intakes"] == {"DIGITIZED": 1, "RECEIVED": 2}
    assert BROKEN[:8] not in digitizer("status").out, "files are named, not their bundles"
    assert "từ 01/12/2026 01:05" in digitizer("status").out


def test_a_delivery_is_named_by_the_beginning_of_its_id(digitizer: Command, home: Path) -> None:
    (open_one,) = digitizer("deliveries", "list", "--json").json["open"]
    assert open_one["name"] == "giấy khai sinh.jpg"
    short = open_one["delivery"][:12]
    listed = digitizer("deliveries", "list").out
    assert f"{short}  gắn tệp  giấy khai sinh.jpg" in listed
    evidence = home / "phiếu.txt"
    evidence.write_text("đã gắn", encoding="utf-8")
    done = digitizer("deliveries", "elsewhere", short, "--evidence", evidence, "--reason", "done_by_hand", "--by", "can.bo")
    assert done.code == 0, done.err
    assert digitizer("deliveries", "list", "--json").json["open"] == []


def test_keys_are_listed_with_the_local_time(digitizer: Command) -> None:
    made = digitizer("clients", "add", "one-stop", "--agency", "H60.127.03", "--json").json
    listed = digitizer("clients", "list").out
    assert re.search(r"đang dùng  đến \d\d/\d\d/\d{4} \d\d:\d\d$", listed.strip())
    assert digitizer("clients", "revoke", made["key"][:6]).code == 0
    assert "đã thu hồi" in digitizer("clients", "list").out


def test_document_types_of_the_catalogue_of_procedures_have_their_titles(digitizer: Command, tmp_path: Path) -> None:
    table = tmp_path / "thủ tục.csv"
    table.write_text(
        "Mã TTHC;Mã thành phần;Tên thành phần;Loại giấy tờ;Bắt buộc\n1.001193;TK;Tờ khai;birth_declaration;x\n",
        encoding="utf-8-sig",
    )
    assert digitizer("procedures", "import", table).code == 0
    assert digitizer("procedures", "list").out.strip().endswith("Tờ khai đăng ký khai sinh")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["correct", SHORT, "meo=x", "--by", "a"], "Loại giấy tờ này không có trường meo."),
        (["approve", "--by", "a"], "Hãy nêu một bản ghi, hoặc --all."),
        (["ingest", "/x", "--dossier", "hồ sơ 1"], "hồ sơ 1 không phải mã hồ sơ đúng dạng."),
        (["book", "check", "KS/1999/01"], "Chưa có trang nào của sổ KS/1999/01 được số hóa ở máy này."),
    ],
)
def test_a_refusal_is_one_sentence_that_says_what_to_write(digitizer: Command, command: list[str], said: str) -> None:
    refused = digitizer(*command)
    assert refused.code == 1
    assert refused.err.strip() == said


@pytest.mark.usefixtures("home")
def test_a_value_that_does_not_parse_is_kept_as_typed_and_asked_about(digitizer: Command) -> None:
    corrected = digitizer("correct", SHORT, "nksNgaySinh=hôm qua", "--by", "a")
    assert corrected.code == 0
    assert "Đã giữ nguyên như đã nhập; xin xem lại: Ngày sinh người được khai sinh: không phải ngày tháng." in corrected.err
    (shown,) = digitizer("records", SHORT, "--json").json
    (field,) = (field for field in shown["fields"] if field["name"] == "nksNgaySinh")
    assert (field["typed"], field["value"], field["accepted"]) == ("hôm qua", "hôm qua", False)


def test_a_setting_that_is_none_is_named_with_its_place(digitizer: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITIZER_ENGINE__COLOUR", "red")
    refused = digitizer("status")
    assert refused.err.strip() == "Không có thiết lập engine.colour (ghi ở DIGITIZER_ENGINE__COLOUR). Chưa chạy gì cả."


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["approve", "x"], "Thiếu --by. Xem `digitizer approve --help`."),
        (["reject", "--by", "a", "--reason", "b"], "Thiếu RECORD. Xem `digitizer reject --help`."),
        (["records", "--colour"], "Không có tùy chọn --colour. Xem `digitizer records --help`."),
        (["settle", "x", "--by", "a", "--keep", "x"], "--keep phải là một trong: ours, theirs. Xem `digitizer settle --help`."),
        (["watch", "/x", "--every", "x"], "Giá trị của --every chưa đúng"),
        (["ingst"], "Lệnh chưa đúng"),
    ],
)
def test_a_mistyped_command_is_told_in_vietnamese(digitizer: Command, command: list[str], said: str) -> None:
    refused = digitizer(*command)
    assert refused.code == 1
    assert refused.err.startswith(said)
    assert "--help" in refused.err
