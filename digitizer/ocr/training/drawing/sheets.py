"""Every single sheet by its type: what case it is about, and who draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np

from digitizer.ocr.training.drawing import card, cases, certificates, declarations, events, extracts, letters, notices
from digitizer.ocr.training.drawing.cases import Case, Office
from digitizer.ocr.training.drawing.fonts import Fonts
from digitizer.ocr.training.drawing.forms import Form
from digitizer.ocr.training.drawing.ink import Hand

Event = Callable[[np.random.Generator, date, int, Office | None], Case]


class Draw(Protocol):
    """Draws a case on its sheet."""

    def __call__(self, fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand) -> Form: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sheet."""

    event: Event
    draw: Draw
    #: who mostly fills it in
    how: str = "hand"
    dpi: int = 200


SHEETS: Mapping[str, Kind] = {
    "birth_certificate": Kind(cases.birth, certificates.birth_certificate),
    "birth_extract": Kind(cases.birth, certificates.birth_extract, "printer"),
    "marriage_certificate": Kind(cases.marriage, extracts.marriage_certificate),
    "marriage_extract": Kind(cases.marriage, extracts.marriage_extract, "printer"),
    "death_extract": Kind(cases.death, extracts.death_extract, "printer"),
    "parent_child_extract": Kind(events.recognition, extracts.parent_child_extract, "printer"),
    "marital_status_certificate": Kind(cases.single, letters.marital_status_certificate, "printer"),
    "birth_declaration": Kind(cases.birth, letters.birth_declaration),
    "marriage_declaration": Kind(cases.marriage, declarations.marriage_declaration),
    "death_declaration": Kind(cases.death, declarations.death_declaration),
    "marital_status_declaration": Kind(events.single_entry, declarations.marital_status_declaration),
    "birth_notice": Kind(events.born_in_hospital, notices.birth_notice),
    "death_notice": Kind(cases.death, notices.death_notice),
    "citizen_id_card": Kind(cases.single, card.citizen_id_card, "printer", 300),
    "decision": Kind(cases.single, letters.decision),
    "official_letter": Kind(events.addressed, notices.official_letter),
    "application_letter": Kind(events.holder, notices.application_letter),
    "martyr_visit_letter": Kind(events.martyr_visit, notices.martyr_visit_letter),
}
