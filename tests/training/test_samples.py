"""The committed samples: what their truth files promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from tests.conftest import SAMPLES
from tests.training.test_people import PLAIN
from training.drawing import card, wording

TRUTHS = sorted(SAMPLES.rglob("*.truth.json"))
FIRST_SET = {
    "birth_register",
    "marriage_register",
    "death_register",
    "birth_certificate",
    "birth_extract",
    "marital_status_certificate",
    "birth_declaration",
    "citizen_id_card",
    "decision",
}
#: fields whose words do not stand side by side on paper
BROKEN = ("nktGioPhutChet", "nksGioSinh", "coQuanBanHanh", "coQuanCap")
BOUND = 40_000_000


def load(path: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return truth


def records(path: Path) -> list[dict[str, Any]]:
    return [record for document in load(path)["documents"] for record in document["records"]]


def test_there_are_two_samples_of_each_type_and_all_levels() -> None:
    kinds = [document["type"] for path in TRUTHS for document in load(path)["documents"]]
    assert {kind for kind in kinds if kinds.count(kind) >= 2} >= FIRST_SET
    assert {load(path)["level"] for path in TRUTHS} == {"clean", "office", "hard"}
    assert {load(path)["rotation"] for path in TRUTHS} == {0, 90, 180, 270}


def test_the_samples_stay_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) <= BOUND


@pytest.mark.parametrize("path", TRUTHS, ids=lambda p: p.name)
def test_the_file_is_there_and_every_page_has_a_document(path: Path) -> None:
    truth = load(path)
    assert path.with_name(truth["file"]).exists()
    pages = sorted(page for document in truth["documents"] for page in document["pages"])
    assert pages == list(range(len(truth.get("scans", [0]))))


@pytest.mark.parametrize("path", TRUTHS, ids=lambda p: p.name)
def test_values_as_printed_stand_in_the_text(path: Path) -> None:
    text = " ".join(load(path)["text"].split())
    for record in records(path):
        assert set(record["fields"]) == set(record["raw"]) and set(record["hand"]) <= set(record["raw"])
        for name, raw in record["raw"].items():
            words = raw.split() if name in BROKEN else [raw]
            assert all(word in text for word in words), f"{name}: {raw}"


@pytest.mark.parametrize("path", TRUTHS, ids=lambda p: p.name)
def test_numbers_and_words_agree_unless_planted(path: Path) -> None:
    planted = {entry["kind"] for entry in load(path)["planted"]}
    contradictions = set()
    for record in records(path):
        fields = record["fields"]
        number, born = fields.get("nksSoDinhDanh"), fields.get("nksNgaySinh", "")
        if number and number[4:6] != born[2:4]:
            contradictions.add("idyear")
        if number and int(number[3]) % 2 != (fields["nksGioiTinh"] == "nữ"):
            contradictions.add("idsex")
        if "nksNgaySinhBangChu" in fields and not says(fields["nksNgaySinhBangChu"], born):
            contradictions.add("words")
        assert not fields.get("ngayDangKy") or not born or fields["ngayDangKy"] > born
    assert contradictions == planted


def says(words: str, iso: str) -> bool:
    """Whether a date in words is this date, in any clerk's manner."""
    year, month, day = (int(part) for part in iso.split("-"))
    text = words.replace(",", "").replace("ngàn", "nghìn").replace("lẻ", "linh").replace("mồng ", "").replace("mùng ", "")
    months = {wording.small(month), *({"tư"} if month == 4 else ())}
    return text in {f"Ngày {wording.small(day)} tháng {name} năm {PLAIN.year(year)}" for name in months}


@pytest.mark.parametrize(
    "path",
    [p for p in TRUTHS if any("qr" in r for r in records(p)) and (p.parent / load(p)["file"]).suffix == ".jpg"],
    ids=lambda p: p.name,
)
def test_the_qr_code_reads_back_and_the_zone_holds(path: Path) -> None:
    (record,) = records(path)
    with Image.open(path.with_name(load(path)["file"])) as image:
        assert [code.text for code in zxingcpp.read_barcodes(np.asarray(image.convert("RGB")))] == [record["qr"]]
    first, second, _ = record["mrz"]
    assert card.check_digit(first[5:30] + second[0:7] + second[8:15] + second[18:29]) == int(second[29])
    assert record["qr"].split("|")[0] == record["fields"]["soDinhDanh"] == first[15:27]


@pytest.mark.parametrize("path", [p for p in TRUTHS if p.with_suffix("").with_suffix(".jpg").exists()], ids=lambda p: p.name)
def test_jpegs_carry_their_resolution(path: Path) -> None:
    truth = load(path)
    with Image.open(path.with_name(truth["file"])) as image:
        assert image.info["dpi"] == (truth["dpi"], truth["dpi"])
