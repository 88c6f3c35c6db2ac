"""Rates that can be defended: what the province printed, months in Hanoi, as-of, frozen figures, reconciliation, worklist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from digitizer import indicators
from digitizer.errors import UsageError
from digitizer.indicators import Counts, Known, agrees, count, rate
from digitizer.ledger import outbox, submissions
from digitizer.ledger.schema import event
from digitizer.model import Intake, IntakeState, Receipt
from digitizer.service import Service
from digitizer.service.indicators import HEADERS
from digitizer.settings import Settings, TargetOptions
from tests.contracts.test_connectors import write_secrets
from tests.dossier_server import running

SEPTEMBER = "2026-09"


def code(number: int, day: str = "260930", agency: str = "H60.127.03") -> str:
    return f"{agency}-{day}-{number:04}"


# --- arithmetic -------------------------------------------------------------------------------------------------------


def test_the_province_s_figures_are_what_its_counts_give_or_are_caught() -> None:
    """Published figures of Tuyên Quang (domain facts §3.4): one is cut off, one is wrong, one sum is off by one."""
    assert rate(1706, 1785) == "95.57"
    assert agrees(1706, 1785, "95.5"), "cut off after the first decimal, not rounded: still its own figure"
    assert rate(1681, 1879) == "89.46"
    assert not agrees(1681, 1879, "84.4")
    assert sum((1047, 445, 335)) == 1827


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(0, 5, "0.00"), (5, 5, "100.00"), (1, 3, "33.33"), (2, 3, "66.67"), (1, 16, "6.25"), (5, 0, None), (5, None, None)],
)
def test_a_percentage_is_derived_and_never_of_nothing(part: int, whole: int | None, percent: str | None) -> None:
    assert rate(part, whole) == percent


@pytest.mark.parametrize(
    ("moment", "month"),
    [("2026-09-30T16:59:59+00:00", "2026-09"), ("2026-09-30T17:00:00+00:00", "2026-10"),
     ("2026-10-01T00:00:00+07:00", "2026-10")],
)  # fmt: skip
def test_a_month_begins_at_midnight_in_hanoi(moment: str, month: str) -> None:
    assert indicators.month_of(datetime.fromisoformat(moment)) == month


def test_the_end_of_a_month_is_midnight_in_hanoi() -> None:
    assert indicators.end_of("2026-09") == datetime(2026, 9, 30, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("agency", "upwards"),
    [("H60.127.03", ["H60.127.03", "H60.127", "H60"]), ("H60", ["H60"]), ("000.00.19.H60", ["000.00.19.H60", "H60"])],
)
def test_figures_of_a_commune_count_for_those_above(agency: str, upwards: list[str]) -> None:
    assert indicators.above(agency) == upwards


def known(number: int, **changes: Any) -> Known:
    return Known(**{"code": code(number), "agency": "H60.127.03", "received_on": date(2026, 9, 30), "listed": True, **changes})


def test_dossiers_count_in_the_month_they_came_and_results_in_the_month_they_were_resolved() -> None:
    one = known(1, received_on=date(2026, 8, 31), resolved_on=date(2026, 9, 1), done=frozenset({"KS"}), result_done=True)
    assert count([one], "2026-08")["H60"] == Counts(received=1, components_digitised=1, resolved=0)
    assert count([one], "2026-09")["H60"] == Counts(received=0, resolved=1, results_digitised=1)


def test_the_second_definition_wants_every_required_component() -> None:
    one = known(1, procedure="1.001193", done=frozenset({"KS"}))
    required = {"1.001193": ["KS", "CCCD"]}
    assert count([one], SEPTEMBER, definition="1", required=required)["H60"].components_digitised == 1
    assert count([one], SEPTEMBER, definition="2", required=required)["H60"].components_digitised == 0
    assert count([known(1, done=frozenset({"x"}))], SEPTEMBER, definition="2", required=required)["H60"].components_digitised == 1


def test_what_was_handed_over_is_counted_apart() -> None:
    assert count([known(1, handed=frozenset({"KS"}))], SEPTEMBER)["H60"] == Counts(received=1, components_handed=1, resolved=0)


def test_without_a_list_there_are_counts_and_no_percentage() -> None:
    (figures,) = {str(c) for c in count([known(1, listed=False, done=frozenset({"KS"}))], SEPTEMBER).values()}
    assert "received=None" in figures
    assert count([known(1, listed=False, done=frozenset({"KS"}))], SEPTEMBER)["H60"].components_rate is None


def test_a_dossier_missing_from_the_list_never_raises_a_rate() -> None:
    figures = count([known(1), known(2, listed=False, done=frozenset({"KS"}))], SEPTEMBER)["H60"]
    assert (figures.received, figures.components_digitised) == (1, 0)


def test_a_header_belongs_to_one_column() -> None:
    written = [name for names in HEADERS.values() for name in names]
    assert len(written) == len(set(written))


# --- from the event log -----------------------------------------------------------------------------------------------


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service.open(Settings(home=tmp_path / "home")) as opened:
        yield opened


def attached(service: Service, number: int, component: str = "KS", at: str | None = None, **how: Any) -> str:
    """A file of a dossier that was delivered (or what `how` says); the id of its delivery."""
    dossier, kind = code(number), "attach_result" if component.startswith("KQ") else "attach"
    name = f"{number}-{component}"
    with service.ledger.begin() as tx:
        submissions.add_source(tx, name.ljust(64, "0"), "k", 1)
        submissions.add_bundle(tx, name.ljust(64, "0"), [name.ljust(64, "0")])
        intake = Intake(id=name, bundle=name.ljust(64, "0"), name="a.pdf", agency="H60.127.03", dossier=dossier,
                        component=component, actor="test", received_at=datetime.now(UTC))  # fmt: skip
        submissions.add_intake(tx, intake)
        submissions.move_intakes(tx, intake.bundle, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="test")
        if how.get("digitized_only"):
            return ""
        outbox.add(tx, kind, target=dossier, order_key=dossier, intake_id=name, dossier=dossier, key=name, actor="test")
        (due,) = outbox.claim(tx, dossier, pace=outbox.Pace(), lease_s=60, now=1e9)
        receipt = Receipt(delivery=due.id, dossier=dossier, external_id="X", at=datetime.now(UTC))
        if how.get("dead"):
            outbox.died(tx, due, {"code": how["dead"]}, actor="test")
        elif not how.get("pending"):
            outbox.delivered(tx, due, receipt, actor="test", seconds=1, now=1e9, handed=how.get("handed", False))
        if at:
            tx.execute(sa.update(event).where(event.c.subject == due.id).values(at=at))
    return due.id


def listing(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "danh sách.csv"
    text = "Mã hồ sơ;Mã đơn vị;Mã TTHC;Ngày tiếp nhận;Ngày giải quyết\n" + "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_a_report_rests_on_the_list_and_the_log(service: Service, tmp_path: Path) -> None:
    lines = (f"{code(n)};H60.127.03;1.001193;30/09/2026;{'30/09/2026' if n < 3 else ''}" for n in range(4))
    assert service.import_dossiers(listing(tmp_path, *lines), by="can.bo") == 4
    for number in (0, 1, 2):
        attached(service, number)
    attached(service, 0, "KQ01")
    figures = service.report(SEPTEMBER).counts
    assert set(figures) == {"H60", "H60.127", "H60.127.03"}
    assert figures["H60"] == Counts(received=4, components_digitised=3, resolved=3, results_digitised=1)
    assert (figures["H60"].components_rate, figures["H60"].results_rate) == ("75.00", "33.33")


def test_as_of_gives_the_figures_of_that_moment(service: Service, tmp_path: Path) -> None:
    service.import_dossiers(listing(tmp_path, f"{code(1)};;;;"), by="can.bo")
    attached(service, 1, at="2026-10-02T03:00:00.000001+00:00")
    before, after = (datetime(2026, 10, 2, hour, tzinfo=UTC) for hour in (2, 4))
    assert service.report(SEPTEMBER, as_of=before).counts["H60"].components_digitised == 0
    assert service.report(SEPTEMBER, as_of=after).counts["H60"].components_digitised == 1


def test_frozen_figures_stay_and_late_changes_are_restatements(service: Service, tmp_path: Path) -> None:
    service.import_dossiers(listing(tmp_path, f"{code(1)};;;;", f"{code(2)};;;;"), by="can.bo")
    attached(service, 1)
    service.freeze(SEPTEMBER, by="lanh.dao")
    assert service.report(SEPTEMBER).restated() == {}
    attached(service, 2)
    report = service.report(SEPTEMBER)
    was, now = report.restated()["H60"]
    assert was is not None
    assert now is not None
    assert (was.components_digitised, now.components_digitised) == (1, 2)
    service.freeze(SEPTEMBER, by="lanh.dao")
    frozen = service.report(SEPTEMBER).frozen
    assert [f["counts"]["H60"].components_digitised for f in frozen] == [1, 2]


def test_a_month_that_is_not_over_is_not_frozen(service: Service) -> None:
    with pytest.raises(UsageError):
        service.freeze(indicators.month_of(datetime.now(UTC)), by="lanh.dao")


def test_done_elsewhere_counts_and_handed_over_does_not(service: Service, tmp_path: Path) -> None:
    service.import_dossiers(listing(tmp_path, f"{code(1)};;;;"), by="can.bo")
    delivery = attached(service, 1, handed=True)
    assert service.report(SEPTEMBER).counts["H60"] == Counts(received=1, components_handed=1, resolved=0)
    (tmp_path / "slip.png").write_bytes(b"x")
    service.done_elsewhere(delivery, evidence=tmp_path / "slip.png", reason="no_attach_function", by="can.bo")
    assert service.report(SEPTEMBER).counts["H60"] == Counts(received=1, components_digitised=1, resolved=0)


def test_the_list_can_come_from_the_dossier_system(tmp_path: Path) -> None:
    write_secrets(tmp_path / "home", "generic")
    with running() as server:
        server.database.add_dossier(code(1), received_on="2026-09-30", resolved_on="2026-10-02", components=["KS", "CCCD"])
        with Service.open(Settings(home=tmp_path / "home", connector=f"rest+{server.url}?mapping=generic")) as service:
            assert service.fetch_dossiers(SEPTEMBER) == 1
            assert service.report(SEPTEMBER).counts["H60.127.03"].received == 1
            assert service.report("2026-10").counts["H60.127.03"].resolved == 1
            assert [one.component for one in service.worklist(SEPTEMBER)] == ["CCCD", "KS", "KQ"]


def test_a_list_nobody_can_give_is_asked_for_as_a_file(service: Service) -> None:
    with pytest.raises(UsageError, match="--dossiers"):
        service.fetch_dossiers(SEPTEMBER)


@pytest.mark.parametrize("line", ["not-a-code;;;;", f"{code(1)};;;31/02/2026;", f"{code(1, '261399')};;;;"])
def test_a_wrong_line_is_named(service: Service, tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        service.import_dossiers(listing(tmp_path, f"{code(7)};;;;", line), by="can.bo")
    assert caught.value.facts["line"] == 3


# --- the catalogue and the worklist -----------------------------------------------------------------------------------


BIRTHS = "1.001193;KS;Giấy khai sinh;birth_certificate;x\n1.001193;CCCD;Căn cước;citizen_id_card;\n"


def catalogue(tmp_path: Path, text: str = BIRTHS) -> Path:
    path = tmp_path / "thủ tục.csv"
    path.write_text("Mã TTHC;Mã thành phần;Tên thành phần;Loại giấy tờ;Bắt buộc\n" + text, encoding="utf-8")
    return path


def test_the_worklist_says_what_is_lacking_and_why(service: Service, tmp_path: Path) -> None:
    assert service.import_procedures(catalogue(tmp_path), by="can.bo") == (1, 2)
    lines = [f"{code(n)};H60.127.03;1.001193;;{'30/09/2026' if n == 1 else ''}" for n in range(1, 7)]
    service.import_dossiers(listing(tmp_path, *lines), by="can.bo")
    attached(service, 1)
    attached(service, 2, dead="dossier_not_found")
    attached(service, 3, pending=True)
    attached(service, 4, handed=True)
    attached(service, 5, digitized_only=True)
    found = {(one.dossier[-1], one.component): (one.why, dict(one.facts)) for one in service.worklist(SEPTEMBER)}
    assert found == {
        ("1", "KQ"): ("no_paper", {}),
        ("2", "KS"): ("dead", {"code": "dossier_not_found"}),
        ("3", "KS"): ("pending", {}),
        ("4", "KS"): ("handed_over", {}),
        ("5", "KS"): ("needs_a_person", {}),
        ("6", "KS"): ("no_paper", {}),
    }


def test_a_later_catalogue_replaces_a_procedure_whole(service: Service, tmp_path: Path) -> None:
    service.import_procedures(catalogue(tmp_path), by="can.bo")
    service.import_procedures(catalogue(tmp_path, "1.001193;TK;Tờ khai;birth_declaration;x\n"), by="can.bo")
    with service.ledger.read() as tx:
        from digitizer.ledger import indicators as kept

        assert [(c.code, c.required) for c in kept.catalogue(tx)] == [("TK", True)]


def test_an_unknown_document_type_in_the_catalogue_is_named(service: Service, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        service.import_procedures(catalogue(tmp_path, "1.001193;TK;Tờ khai;passport;x\n"), by="can.bo")
    assert caught.value.facts == {"line": 2, "doctype": "passport"}


def test_dossiers_of_a_procedure_go_to_its_target(tmp_path: Path) -> None:
    targets = {"gplx": TargetOptions(url="folder:", procedures="1.002801")}
    with Service.open(Settings(home=tmp_path / "home", targets=targets)) as service:
        service.import_dossiers(listing(tmp_path, f"{code(1)};;1.002801;;"), by="can.bo")
        for number, target in ((1, "gplx"), (2, "dossiers")):
            intake = Intake(id="i", bundle="b", name="a", dossier=code(number), actor="t", received_at=datetime.now(UTC))
            with service.ledger.read() as tx:
                assert service.route(tx, intake) == target


# --- portal files -----------------------------------------------------------------------------------------------------


def test_reconciling_names_the_dossiers_that_differ_and_why(
    service: Service, tmp_path: Path, digitizer: Callable[..., Any]
) -> None:
    service.import_dossiers(listing(tmp_path, *(f"{code(n)};;;;30/09/2026" for n in range(1, 7))), by="can.bo")
    attached(service, 1)
    attached(service, 2)
    attached(service, 3, handed=True)
    attached(service, 4, dead="attach_refused")
    attached(service, 1, "KQ")
    portal = tmp_path / "cổng.csv"
    said = {1: "Có,Có", 2: "Không,Không", 3: "x,", 4: "x,", 5: "x,", 9: "x,x"}
    lines = ["Mã hồ sơ,Số hóa TPHS,Số hóa kết quả", *(f"{code(n)},{s}" for n, s in said.items())]
    portal.write_text("\n".join(lines), encoding="utf-8")
    done = digitizer("reconcile", portal, "--month", SEPTEMBER, "--json")
    found = {(d["code"][-1], d["what"]): (d["why"], d["facts"]) for d in done.json["differ"]}
    assert found == {
        ("2", "components"): ("not_counted_there", {}),
        ("3", "components"): ("handed_over", {}),
        ("4", "components"): ("dead", {"component": "KS", "code": "attach_refused"}),
        ("5", "components"): ("not_delivered", {}),
        ("6", "dossier"): ("not_on_portal", {}),
        ("9", "dossier"): ("only_on_portal", {}),
    }


def test_a_table_of_totals_is_held_against_its_own_arithmetic(tmp_path: Path, digitizer: Callable[..., Any]) -> None:
    file = tmp_path / "tổng hợp.csv"
    lines = ["Đơn vị;Tiếp nhận;Đã số hóa;Tỷ lệ", "Xã A;1.785;1.706;95,5", "Xã B;1.879;1.681;84,4", "Tổng cộng;3.664;3.386;92,4"]
    file.write_text("\n".join(lines), encoding="utf-8")
    done = digitizer("reconcile", file, "--totals", "--json")
    assert [(t["agency"], t["derived"], t["wrong"]) for t in done.json] == [
        ("Xã A", "95.57", ""),
        ("Xã B", "89.46", "wrong_percentage"),
        ("Tổng cộng", "92.41", "wrong_sum"),
    ]
    assert "89.46" in digitizer("reconcile", file, "--totals").out


def test_the_commands_speak(digitizer: Callable[..., Any], tmp_path: Path) -> None:
    assert digitizer("procedures", "import", catalogue(tmp_path)).code == 0
    assert "birth_certificate" in digitizer("procedures", "list").out
    lists = listing(tmp_path, f"{code(1)};;1.001193;;")
    done = digitizer("report", "--month", SEPTEMBER, "--dossiers", lists, "--json")
    assert done.json["agencies"]["H60.127.03"]["received"] == 1
    assert "H60.127.03" in digitizer("report", "--month", SEPTEMBER).out
    assert code(1) in digitizer("report", "--month", SEPTEMBER, "--worklist", "--agency", "H60.127").out
    assert digitizer("report", "--month", "2020-01", "--freeze").code == 0
    for wrong in (("--month", "September"), ("--as-of", "yesterday")):
        assert digitizer("report", *wrong).code == UsageError.exit_code


def test_no_moment_is_mistaken() -> None:
    late = datetime(2026, 9, 30, 23, 59, tzinfo=indicators.HANOI)
    assert indicators.month_of(late + timedelta(minutes=1)) == "2026-10"
