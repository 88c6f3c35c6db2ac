"""A file of one scan that was read: coloured quarters, so that a picture shows which part of which page it is."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from digitizer.ledger import records, submissions
from digitizer.model import Box, Field, Intake, IntakeState, Lane, Record, Verdict
from digitizer.service import Service

WIDE, HIGH = 400, 300
#: colour of the upper left, upper right, lower left and lower right quarter of the scan
QUARTERS = [(250, 10, 10), (10, 250, 10), (10, 10, 250), (250, 250, 250)]
#: px of the upright page -> px of the scan: the scan lies on its left side
TURNED = [[0, 1, 0], [-1, 0, HIGH], [0, 0, 1]]


#: what was read: one value that is sure, two that are not
FIELDS = (
    Field(name="so", raw="15/2019", value="15/2019", confidence=0.99, accepted=True, page=0, box=Box(20, 20, 120, 50)),
    Field(
        name="nksHoTen", raw="LÒ THỊ MAl", value="LÒ THỊ MAL", confidence=0.6, accepted=False, page=0, box=Box(20, 100, 280, 130)
    ),
    Field(name="nksNgaySinh", raw="O7/O4/2018", value=None, confidence=0.3, accepted=False, page=0, box=Box(20, 300, 200, 330)),
)


def scan(mark: int = 0) -> bytes:
    pixels = np.zeros((HIGH, WIDE, 3), np.uint8)
    for number, colour in enumerate(QUARTERS):
        y, x = divmod(number, 2)
        pixels[y * HIGH // 2 : (y + 1) * HIGH // 2, x * WIDE // 2 : (x + 1) * WIDE // 2] = colour
    pixels[:4, :4] = mark  # files of another mark have other bytes
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "PNG")
    return made.getvalue()


def file_with_a_page(
    service: Service, agency: str, *, mark: int = 0, name: str = "so.png", lane: str = "bulk", number: str = "15/2019"
) -> Intake:
    """A file of one scan with an upright page that is a quarter turn of it, and one that failed."""
    key = service.context.files.put_bytes(scan(mark))
    source = key.rpartition("/")[2]
    pages = [
        {"source": source, "scan": 0, "width": HIGH, "height": WIDE, "to_scan": {"matrix": TURNED}},
        {"source": source, "scan": 0, "width": 0, "height": 0, "to_scan": {"matrix": np.eye(3).tolist()}},
    ]
    result = service.context.files.put_bytes(json.dumps({"pages": pages}).encode())
    made = Intake(
        id=f"{mark:032x}", bundle=source, name=name, agency=agency, lane=Lane(lane), actor="t", received_at=datetime.now(UTC)
    )
    with service.context.ledger.begin() as tx:
        submissions.add_source(tx, source, key, 1)
        submissions.opened(tx, replace(submissions.get_source(tx, source), media_type="image/png", pages=1, signed=False))
        submissions.add_bundle(tx, source, [source])
        submissions.add_intake(tx, made)
        submissions.save_artifacts(tx, source, {"json": ("application/json", result)})
        fields = (replace(FIELDS[0], raw=number, value=number), *FIELDS[1:])
        record = Record(id=f"{source}/0/0", fields=fields, verdict=Verdict.REVIEW)
        records.propose(tx, source, "birth_extract", record, actor="worker")
        submissions.move_bundle(tx, source, ["NEW"], "DONE", result="ACCEPTED")
        submissions.move_intakes(tx, source, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="worker")
    return made
