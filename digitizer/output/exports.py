"""Exports a result as ALTO 4, hOCR, plain text and CSV. The input is the public format of `<name>.json`.

ALTO is version 4.4 (https://www.loc.gov/standards/alto/). hOCR is version 1.2 (https://kba.github.io/hocr-spec/1.2/).
Coordinates are px of the upright page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from digitizer.spreadsheets import csv_bytes

Plain = Mapping[str, Any]

ALTO = "http://www.loc.gov/standards/alto/ns-v4#"
XHTML = "http://www.w3.org/1999/xhtml"
_DOCTYPE = (
    b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
)
#: columns of the CSV, which has a row for each field
COLUMNS = (
    "file", "document", "type", "record", "state", "field", "value", "raw", "confidence", "accepted", "by", "page",
    "x0", "y0", "x1", "y1", "problems",
)  # fmt: skip


def text(result: Plain, name: str = "") -> bytes:
    """Plain text: the lines of all pages in reading order, a form feed after each page."""
    return "".join("".join(f"{line['text']}\n" for line in page["lines"]) + "\f" for page in result["pages"]).encode()


def alto(result: Plain, name: str = "") -> bytes:
    """One ALTO file with a Page for each page and a TextLine for each line. `name` is the file name of the scans."""
    root = Xml.Element("alto", {"xmlns": ALTO, "SCHEMAVERSION": "4.4"})
    description = Xml.SubElement(root, "Description")
    Xml.SubElement(description, "MeasurementUnit").text = "pixel"
    source = Xml.SubElement(description, "sourceImageInformation")
    Xml.SubElement(source, "fileName").text = name
    for file in result["source"]["files"]:
        Xml.SubElement(source, "fileIdentifier", {"fileIdentifierLocation": "sha256"}).text = file["sha256"]
    processing = Xml.SubElement(description, "Processing", {"ID": "P0"})
    software = Xml.SubElement(processing, "processingSoftware")
    Xml.SubElement(software, "softwareName").text = "digitizer"
    Xml.SubElement(software, "softwareVersion").text = str(result["run"]["versions"].get("digitizer", ""))
    layout = Xml.SubElement(root, "Layout")
    for page in result["pages"]:
        _alto_page(layout, page)
    return _serialised(root)


def _alto_page(layout: Xml.Element, page: Plain) -> None:
    id_, size = f"p{page['index']}", {"HEIGHT": str(page["height"]), "WIDTH": str(page["width"])}
    shown = Xml.SubElement(layout, "Page", {"ID": id_, "PHYSICAL_IMG_NR": str(page["scan"] + 1), **size})
    space = Xml.SubElement(shown, "PrintSpace", {**size, "HPOS": "0", "VPOS": "0"})
    if not page["lines"]:
        return
    block = Xml.SubElement(space, "TextBlock", {"ID": f"{id_}b0", **_place(_around([li["box"] for li in page["lines"]]))})
    for number, line in enumerate(page["lines"]):
        row = Xml.SubElement(block, "TextLine", {"ID": f"{id_}l{number}", **_place(line["box"])})
        for place, word in enumerate(_words(line)):
            if place:
                Xml.SubElement(row, "SP")
            Xml.SubElement(
                row,
                "String",
                {
                    "ID": f"{id_}l{number}w{place}",
                    "CONTENT": _clean(word["text"]),
                    **_place(word["box"]),
                    "WC": f"{word['confidence']:.3f}",
                },
            )


def _place(box: Sequence[float]) -> dict[str, str]:
    x0, y0, x1, y1 = box
    return {"HPOS": f"{x0:g}", "VPOS": f"{y0:g}", "WIDTH": f"{round(x1 - x0, 1):g}", "HEIGHT": f"{round(y1 - y0, 1):g}"}


def hocr(result: Plain, name: str = "") -> bytes:
    """One XHTML file with `ocr_page`, `ocr_carea`, `ocr_line` and `ocrx_word`."""
    html = Xml.Element("html", {"xmlns": XHTML, "xml:lang": "vi", "lang": "vi"})
    head = Xml.SubElement(html, "head")
    Xml.SubElement(head, "title").text = name
    Xml.SubElement(head, "meta", {"http-equiv": "Content-Type", "content": "text/html;charset=utf-8"})
    system = f"digitizer {result['run']['versions'].get('digitizer', '')}".strip()
    Xml.SubElement(head, "meta", {"name": "ocr-system", "content": system})
    Xml.SubElement(head, "meta", {"name": "ocr-capabilities", "content": "ocr_page ocr_carea ocr_line ocrx_word"})
    Xml.SubElement(head, "meta", {"name": "ocr-langs", "content": "vi"})
    Xml.SubElement(head, "meta", {"name": "ocr-scripts", "content": "Latn"})
    Xml.SubElement(head, "meta", {"name": "ocr-number-of-pages", "content": str(len(result["pages"]))})
    body = Xml.SubElement(html, "body")
    for page in result["pages"]:
        _hocr_page(body, page, name)
    declaration, rest = _serialised(html).split(b"\n", 1)
    return declaration + b"\n" + _DOCTYPE + b"\n" + rest


def _hocr_page(body: Xml.Element, page: Plain, name: str) -> None:
    id_ = f"page_{page['index'] + 1}"
    quoted = name.replace('"', "'")
    size, dpi = f"{page['width']} {page['height']}", f"{page['dpi']:g} {page['dpi']:g}"
    title = f'image "{quoted}"; bbox 0 0 {size}; ppageno {page["scan"]}; scan_res {dpi}'
    shown = Xml.SubElement(body, "div", {"class": "ocr_page", "id": id_, "title": title})
    if not page["lines"]:
        return
    around = _bbox(_around([line["box"] for line in page["lines"]]))
    area = Xml.SubElement(shown, "div", {"class": "ocr_carea", "id": f"block_{id_}", "title": around})
    for number, line in enumerate(page["lines"]):
        row = Xml.SubElement(area, "span", {"class": "ocr_line", "id": f"line_{id_}_{number}", "title": _bbox(line["box"])})
        for place, word in enumerate(_words(line)):
            said = f"{_bbox(word['box'])}; x_wconf {round(100 * word['confidence'])}"
            span = Xml.SubElement(row, "span", {"class": "ocrx_word", "id": f"word_{id_}_{number}_{place}", "title": said})
            span.text, span.tail = _clean(word["text"]), " "


def _bbox(box: Sequence[float]) -> str:
    """A hOCR `bbox`. The format wants whole px."""
    return "bbox " + " ".join(str(max(0, round(value))) for value in box)


def _words(line: Plain) -> Sequence[Plain]:
    return line["words"] or [line]


def _around(boxes: Sequence[Sequence[float]]) -> list[float]:
    return [min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)]


def _clean(value: str) -> str:
    """`value` without control characters, which XML does not allow."""
    return "".join(c for c in value if c >= " ")


def _serialised(root: Xml.Element) -> bytes:
    if root.tag == "alto":
        Xml.indent(root, " ")
    data: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def csv(result: Plain, name: str = "") -> bytes:
    """A row for each field of each record, as UTF-8 with a byte order mark for Excel."""
    rows = [
        row
        for number, document in enumerate(result["documents"])
        for place, record in enumerate(document["records"])
        for row in field_rows(record, file=name, document=number + 1, doctype=document["type"], number=place + 1)
    ]
    return csv_of(rows)


def field_rows(record: Plain, *, file: str, document: int, doctype: str, number: int) -> Iterable[dict[str, Any]]:
    """The CSV rows of one record of the public format. `document` and `number` count from 1."""
    for field in record["fields"]:
        value = "; ".join(field["value"]) if isinstance(field["value"], list) else field["value"]
        box = dict(zip(("x0", "y0", "x1", "y1"), field["box"] or ("",) * 4, strict=True))
        yield {
            "file": file,
            "document": document,
            "type": doctype,
            "record": number,
            "state": record.get("state", record["verdict"]),
            "field": field["name"],
            "value": "" if value is None else value,
            "raw": field["raw"],
            "confidence": field["confidence"],
            "accepted": field["accepted"],
            "by": field["by"],
            "page": "" if field["page"] is None else field["page"] + 1,
            **box,
            "problems": " ".join(problem["code"] for problem in field["problems"]),
        }


def csv_of(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """`rows` as a CSV."""
    return csv_bytes(COLUMNS, ([row.get(name, "") for name in COLUMNS] for row in rows))


#: format -> (suffix of the file, function that writes it)
FORMATS: dict[str, tuple[str, Callable[[Plain, str], bytes]]] = {
    "alto": (".alto.xml", alto),
    "hocr": (".hocr", hocr),
    "txt": (".txt", text),
    "csv": (".csv", csv),
}
