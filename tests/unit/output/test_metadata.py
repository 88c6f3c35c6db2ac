"""The metadata of Công văn 7197 in the PDF."""

from __future__ import annotations

from pathlib import Path

import pikepdf

from digitizer.output.metadata import NAMESPACE
from tests.unit.output.builders import document, field, written


def test_the_metadata_says_what_is_certain_and_nothing_else(tmp_path: Path) -> None:
    fields = (
        field("so", "27/QĐ-UBND"),
        field("trichYeu", "Về việc <công nhận> & khen thưởng"),
        field("coQuanBanHanh", "UBND xã Nậm Đíp", accepted=False),
    )
    pdf, _ = written(tmp_path, document(0, "decision", fields))
    with pikepdf.open(pdf) as opened, opened.open_metadata() as metadata:
        said = {key.removeprefix(f"{{{NAMESPACE}}}"): metadata[key] for key in metadata if NAMESPACE in key}
        assert metadata["dc:title"] == "Về việc <công nhận> & khen thưởng"
    assert said == {
        "TypeName": "Quyết định", "CodeNumber": "27", "CodeNotation": "QĐ-UBND", "Subject": "Về việc <công nhận> & khen thưởng",
        "Language": "Tiếng Việt", "PageAmount": "1",
    }  # fmt: skip
