"""Reports from list and event log: as-of, frozen figures, the catalogue of procedures, the worklist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digitizer import indicators
from digitizer.errors import UsageError
from digitizer.indicators import Counts
from digitizer.model import Intake
from digitizer.service import Service
from digitizer.service.indicators import HEADERS
from digitizer.service.routing import target_of
from digitizer.settings import Settings, TargetOptions
from tests.contracts.test_connectors import write_secrets
from tests.dossier_server import running
from tests.unit.service.conftest import SEPTEMBER, attached, code, listing


def test_a_header_belongs_to_one_column() -> None:
    written = [name for names in HEADERS.values() for name in names]
    assert len(written) == len(set(written))


def test_a_report_rests_on_the_list_and_the_log(service: Service, tmp_path: Path) -> None:
    lines = (f"{code(n)};H60.127.03;1.001193;30/09/2026;{'30/09/2026' if n < 3 else ''}" for n in range(4))
    assert service.indicators.import_dossiers(listing(tmp_path, *lines), by="can.bo") == 4
    for number in (0, 1, 2):
        attached(service, number)
    attached(service, 0, "KQ01")
    figures = service.indicators.report(SEPTEMBER).counts
    assert set(figures) == {"H60", "H60.127", "H60.127.03"}
    assert figures["H60"] == Counts(received=4, components_digitised=3, resolved=3, results_digitised=1)
    assert (figures["H60"].components_rate, figures["H60"].results_rate) == ("75.00", "33.33")


def test_a_second_list_replaces_what_the_first_said_of_its_dossiers(service: Service, tmp_path: Path) -> None:
    service.indicators.import_dossiers(listing(tmp_path, f"{code(1)};H60.12;;;", f"{code(2)};;;;"), by="can.bo")
    assert service.indicators.report(SEPTEMBER).counts["H60.12"].received == 1
    service.indicators.import_dossiers(listing(tmp_path, f"{code(1)};H60.127.05;;;30/09/2026"), by="can.bo")
    figures = service.indicators.report(SEPTEMBER).counts
    assert "H60.12" not in figures
    assert (figures["H60.127.05"], figures["H60.127.03"].received) == (Counts(received=1, resolved=1), 1)


def test_dossiers_of_other_months_are_not_counted_nor_worked_at(service: Service, tmp_path: Path) -> None:
    days = {1: "31/08/2026", 2: "01/09/2026", 3: "30/09/2026", 4: "01/10/2026"}
    codes = {n: code(n, f"{day[8:]}{day[3:5]}{day[:2]}") for n, day in days.items()}
    lines = [f"{codes[n]};;;{day};{day}" for n, day in days.items()]
    service.indicators.import_dossiers(listing(tmp_path, *lines), by="can.bo")
    assert service.indicators.report(SEPTEMBER).counts["H60"] == Counts(received=2, resolved=2)
    assert {one.dossier for one in service.indicators.worklist(SEPTEMBER)} == {codes[2], codes[3]}


def test_as_of_gives_the_figures_of_that_moment(service: Service, tmp_path: Path) -> None:
    service.indicators.import_dossiers(listing(tmp_path, f"{code(1)};;;;"), by="can.bo")
    attached(service, 1, at="2026-10-02T03:00:00.000001+00:00")
    before, after = (datetime(2026, 10, 2, hour, tzinfo=UTC) for hour in (2, 4))
    assert service.indicators.report(SEPTEMBER, as_of=before).counts["H60"].components_digitised == 0
    assert service.indicators.report(SEPTEMBER, as_of=after).counts["H60"].components_digitised == 1


def test_frozen_figures_stay_and_late_changes_are_restatements(service: Service, tmp_path: Path) -> None:
    service.indicators.import_dossiers(listing(tmp_path, f"{code(1)};;;;", f"{code(2)};;;;"), by="can.bo")
    attached(service, 1)
    service.indicators.freeze(SEPTEMBER, by="lanh.dao")
    assert service.indicators.report(SEPTEMBER).restated() == {}
    attached(service, 2)
    report = service.indicators.report(SEPTEMBER)
    was, now = report.restated()["H60"]
    assert was is not None
    assert now is not None
    assert (was.components_digitised, now.components_digitised) == (1, 2)
    service.indicators.freeze(SEPTEMBER, by="lanh.dao")
    frozen = service.indicators.report(SEPTEMBER).frozen
    assert [f["counts"]["H60"].components_digitised for f in frozen] == [1, 2]


def test_a_month_that_is_not_over_is_not_frozen(service: Service) -> None:
    with pytest.raises(UsageError):
        service.indicators.freeze(indicators.month_of(datetime.now(UTC)), by="lanh.dao")


def test_done_elsewhere_counts_and_handed_over_does_not(service: Service, tmp_path: Path) -> None:
    service.indicators.import_dossiers(listing(tmp_path, f"{code(1)};;;;"), by="can.bo")
    delivery = attached(service, 1, handed=True)
    assert service.indicators.report(SEPTEMBER).counts["H60"] == Counts(received=1, components_handed=1, resolved=0)
    (tmp_path / "slip.png").write_bytes(b"x")
    service.deliveries.done_elsewhere(delivery, evidence=tmp_path / "slip.png", reason="no_attach_function", by="can.bo")
    assert service.indicators.report(SEPTEMBER).counts["H60"] == Counts(received=1, components_digitised=1, resolved=0)


def test_the_list_can_come_from_the_dossier_system(tmp_path: Path) -> None:
    write_secrets(tmp_path / "home", "generic")
    with running() as server:
        server.database.add_dossier(code(1), received_on="2026-09-30", resolved_on="2026-10-02", components=["KS", "CCCD"])
        with Service.open(Settings(home=tmp_path / "home", connector=f"rest+{server.url}?mapping=generic")) as service:
            assert service.indicators.fetch_dossiers(SEPTEMBER) == 1
            assert service.indicators.report(SEPTEMBER).counts["H60.127.03"].received == 1
            assert service.indicators.report("2026-10").counts["H60.127.03"].resolved == 1
            assert [one.component for one in service.indicators.worklist(SEPTEMBER)] == ["CCCD", "KS", "KQ"]


def test_a_list_nobody_can_give_is_asked_for_as_a_file(service: Service) -> None:
    with pytest.raises(UsageError, match="--dossiers"):
        service.indicators.fetch_dossiers(SEPTEMBER)


@pytest.mark.parametrize("line", ["not-a-code;;;;", f"{code(1)};;;31/02/2026;", f"{code(1, '261399')};;;;"])
def test_a_wrong_line_is_named(service: Service, tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        service.indicators.import_dossiers(listing(tmp_path, f"{code(7)};;;;", line), by="can.bo")
    assert caught.value.facts["line"] == 3


# --- the catalogue and the worklist -----------------------------------------------------------------------------------


BIRTHS = "1.001193;KS;Giấy khai sinh;birth_certificate;x\n1.001193;CCCD;Căn cước;citizen_id_card;\n"


def catalogue(tmp_path: Path, text: str = BIRTHS) -> Path:
    path = tmp_path / "thủ tục.csv"
    path.write_text("Mã TTHC;Mã thành phần;Tên thành phần;Loại giấy tờ;Bắt buộc\n" + text, encoding="utf-8")
    return path


def test_the_worklist_says_what_is_lacking_and_why(service: Service, tmp_path: Path) -> None:
    assert service.indicators.import_procedures(catalogue(tmp_path), by="can.bo") == (1, 2)
    lines = [f"{code(n)};H60.127.03;1.001193;;{'30/09/2026' if n == 1 else ''}" for n in range(1, 7)]
    service.indicators.import_dossiers(listing(tmp_path, *lines), by="can.bo")
    attached(service, 1)
    attached(service, 2, dead="dossier_not_found")
    attached(service, 3, pending=True)
    attached(service, 4, handed=True)
    attached(service, 5, digitized_only=True)
    found = {(one.dossier[-1], one.component): (one.why, dict(one.facts)) for one in service.indicators.worklist(SEPTEMBER)}
    assert found == {
        ("1", "KQ"): ("no_paper", {}),
        ("2", "KS"): ("dead", {"code": "dossier_not_found"}),
        ("3", "KS"): ("pending", {}),
        ("4", "KS"): ("handed_over", {}),
        ("5", "KS"): ("needs_a_person", {}),
        ("6", "KS"): ("no_paper", {}),
    }


def test_a_later_catalogue_replaces_a_procedure_whole(service: Service, tmp_path: Path) -> None:
    service.indicators.import_procedures(catalogue(tmp_path), by="can.bo")
    service.indicators.import_procedures(catalogue(tmp_path, "1.001193;TK;Tờ khai;birth_declaration;x\n"), by="can.bo")
    with service.context.ledger.read() as tx:
        from digitizer.ledger import indicators as kept

        assert [(c.code, c.required) for c in kept.catalogue(tx)] == [("TK", True)]


def test_an_unknown_document_type_in_the_catalogue_is_named(service: Service, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        service.indicators.import_procedures(catalogue(tmp_path, "1.001193;TK;Tờ khai;passport;x\n"), by="can.bo")
    assert caught.value.facts == {"line": 2, "doctype": "passport"}


def test_dossiers_of_a_procedure_go_to_its_target(tmp_path: Path) -> None:
    targets = {"gplx": TargetOptions(url="folder:", procedures="1.002801")}
    with Service.open(Settings(home=tmp_path / "home", targets=targets)) as service:
        service.indicators.import_dossiers(listing(tmp_path, f"{code(1)};;1.002801;;"), by="can.bo")
        for number, target in ((1, "gplx"), (2, "dossiers")):
            intake = Intake(id="i", bundle="b", name="a", dossier=code(number), actor="t", received_at=datetime.now(UTC))
            with service.context.ledger.read() as tx:
                assert target_of(service.context, tx, intake) == target


def test_the_commands_speak(digitizer: Callable[..., Any], tmp_path: Path) -> None:
    assert digitizer("procedures", "import", catalogue(tmp_path)).code == 0
    assert "Căn cước công dân" in digitizer("procedures", "list").out
    lists = listing(tmp_path, f"{code(1)};;1.001193;;")
    done = digitizer("report", "--month", SEPTEMBER, "--dossiers", lists, "--json")
    assert done.json["agencies"]["H60.127.03"]["received"] == 1
    assert "H60.127.03" in digitizer("report", "--month", SEPTEMBER).out
    assert code(1) in digitizer("report", "--month", SEPTEMBER, "--worklist", "--agency", "H60.127").out
    assert digitizer("report", "--month", "2020-01", "--freeze").code == 0
    for wrong in (("--month", "September"), ("--as-of", "yesterday")):
        assert digitizer("report", *wrong).code == UsageError.exit_code
