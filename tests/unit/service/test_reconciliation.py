"""Portal files against the ledger: dossiers that differ, totals that do not add up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from digitizer.service import Service
from tests.unit.service.conftest import SEPTEMBER, attached, code, listing


def test_reconciling_names_the_dossiers_that_differ_and_why(
    service: Service, tmp_path: Path, digitizer: Callable[..., Any]
) -> None:
    service.indicators.import_dossiers(listing(tmp_path, *(f"{code(n)};;;;30/09/2026" for n in range(1, 7))), by="can.bo")
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
