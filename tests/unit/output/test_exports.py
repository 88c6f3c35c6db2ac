"""ALTO, hOCR, text and CSV say what the result says; the published format keeps its promises."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from digitizer.output import result_json, result_schema
from digitizer.output.exports import ALTO, COLUMNS, FORMATS, alto, hocr, text
from digitizer.output.exports import csv as as_csv
from tests.conftest import Answer
from tests.unit.output.builders import WORDS, document, field, hashed, jpeg, result_of, text_of
from tests.validators import alto_schema

BEFORE = Path(__file__).with_name("result-1.json")


@pytest.fixture
def result(tmp_path: Path) -> dict[str, Any]:
    from dataclasses import replace

    path = jpeg(tmp_path)
    id_ = hashed(path)
    made = result_of({id_: (path, "image/jpeg")}, [text_of(id_), text_of(id_, words=())])
    fields = (field("so", "12/2018"), field("ghiChu", "=1+1", accepted=False))
    return result_json(replace(made, documents=(document(0, "birth_register", fields),)))


def elements(data: bytes, name: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(data).iter(f"{{{ALTO}}}{name}"))


def test_alto_has_every_word_where_it_stands(result: dict[str, Any]) -> None:
    data = alto(result, "a")
    words = [word for page in result["pages"] for line in page["lines"] for word in line["words"]]
    strings = elements(data, "String")
    assert [s.get("CONTENT") for s in strings] == [w["text"] for w in words]
    for string, word in zip(strings, words, strict=True):
        x, y, w, h = (float(string.get(key, "nan")) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
        assert [x, y, x + w, y + h] == pytest.approx(word["box"], abs=0.11)
    assert [page.get("PHYSICAL_IMG_NR") for page in elements(data, "Page")] == ["1", "2"]
    ids = [e.get("ID") for e in ElementTree.fromstring(data).iter() if e.get("ID")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("spoil", [None, "WC", "HPOS", "ID", "order"])
def test_alto_fits_its_schema(result: dict[str, Any], spoil: str | None) -> None:
    from lxml import etree

    tree = etree.fromstring(alto(result, "a"))
    string = next(tree.iter(f"{{{ALTO}}}String"))
    if spoil == "order":
        tree.append(tree[0])
    elif spoil:
        string.set(spoil, {"WC": "1.2", "HPOS": "left", "ID": "p0"}[spoil])
    assert alto_schema().validate(tree) is (spoil is None)


class Hocr(HTMLParser):
    """Classes, titles and texts, as a reader of hOCR sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if (named.get("class") or "").startswith("ocr"):
            self.found.append((str(named["class"]), str(named["title"])))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "ocrx_word" and data.strip():
            self.words.append(data)


def box_of(title: str) -> list[int]:
    return [int(v) for part in title.split(";") if part.strip().startswith("bbox") for v in part.split()[1:]]


def test_hocr_is_xhtml_whose_boxes_lie_within_their_pages(result: dict[str, Any]) -> None:
    data = hocr(result, 'a "b" & c')
    ElementTree.fromstring(data)
    reader = Hocr()
    reader.feed(data.decode())
    assert reader.words == [w["text"] for page in result["pages"] for line in page["lines"] for w in line["words"]]
    kinds = [kind for kind, _ in reader.found]
    assert set(kinds) == {"ocr_page", "ocr_carea", "ocr_line", "ocrx_word"} and kinds.count("ocr_page") == 2
    page = box_of(reader.found[0][1])
    for kind, title in reader.found[1:]:
        box = box_of(title)
        assert len(box) == 4 and box[0] <= box[2] and box[1] <= box[3]
        assert kind == "ocr_page" or (box[0] >= page[0] and box[3] <= page[3])


@pytest.mark.parametrize("spoil", [None, "metadata", "title"])
def test_hocr_is_what_its_specification_says(result: dict[str, Any], tmp_path: Path, spoil: str | None) -> None:
    """By the checker of hOCR's editor, which minds mistakes."""
    data, path = hocr(result, "a.jpg"), tmp_path / "a.hocr"
    if spoil:
        wrong = {"metadata": (b'"ocr-system"', b'"ocr-machine"'), "title": (b"x_wconf ", b"x_wconf x")}[spoil]
        assert wrong[0] in data
        data = data.replace(*wrong)
    path.write_bytes(data)
    # a process of its own: the checker speaks an old Python
    said = subprocess.run([Path(sys.executable).with_name("hocr-spec"), path], capture_output=True, text=True, check=False)
    assert (said.returncode == 0) is (spoil is None), said.stdout
    assert spoil or "[WARN]" not in said.stdout


def test_text_has_a_line_each_and_a_form_feed_after_each_page(result: dict[str, Any]) -> None:
    assert text(result).decode() == "".join(f"{words}\n" for words in WORDS) + "\f\f"


def test_csv_has_a_line_for_each_field_and_no_formulas(result: dict[str, Any]) -> None:
    data = as_csv(result, "a")
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert tuple(rows[0]) == COLUMNS
    assert [(r["field"], r["value"], r["page"], r["accepted"]) for r in rows] == [
        ("so", "12/2018", "1", "True"),
        ("ghiChu", "'=1+1", "1", "False"),
    ]


def test_a_result_that_was_published_before_still_fits_the_schema() -> None:
    """Readers of `digitizer/result/1` must be able to read what is written today, and the schema what was written then."""
    before = json.loads(BEFORE.read_text(encoding="utf-8"))
    jsonschema.validate(before, result_schema())
    for _, turn in FORMATS.values():
        assert turn(before, "a")


def test_today_a_result_has_at_least_what_one_had_before(result: dict[str, Any]) -> None:
    def shape(value: Any) -> Any:
        """Keys below keys; of a list its first element."""
        if isinstance(value, dict):
            return {key: shape(v) for key, v in value.items() if key not in ("facts", "versions", "models", "seconds", "grid")}
        return [shape(value[0])] if isinstance(value, list) and value else None

    def missing(old: Any, new: Any, where: str = "") -> list[str]:
        if isinstance(old, dict):
            gone = [f"{where}/{key}" for key in old if key not in (new or {})]
            return gone + [m for key in old if key in (new or {}) for m in missing(old[key], new[key], f"{where}/{key}")]
        return missing(old[0], new[0], f"{where}[]") if isinstance(old, list) and old and isinstance(new, list) and new else []

    before = json.loads(BEFORE.read_text(encoding="utf-8"))
    assert before["schema"] == result["schema"], "a new version needs a new file of what it looked like"
    assert missing(shape(before), shape(result)) == []


def test_results_are_exported_from_files_and_folders(
    tmp_path: Path, result: dict[str, Any], digitizer: Callable[..., Answer]
) -> None:
    folder = tmp_path / "results" / "a"
    folder.mkdir(parents=True)
    (folder / "b.json").write_text(json.dumps(result), encoding="utf-8")
    (folder / "other.json").write_text("{}", encoding="utf-8")
    for kind, (suffix, _) in FORMATS.items():
        done = digitizer("export", kind, tmp_path / "results", "--output", tmp_path / "out", "--json")
        assert (done.code, done.json) == (0, [str(tmp_path / "out" / "a" / f"b{suffix}")])
        assert Path(done.json[0]).stat().st_size > 50
    assert digitizer("export", "alto", folder / "other.json", "--output", tmp_path / "out").code == 1
