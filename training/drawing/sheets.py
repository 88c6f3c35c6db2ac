"""Every single sheet by its type: what case it is about, and who draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np

from training.drawing import (
    card,
    cards,
    cases,
    certificates,
    declarations,
    events,
    extracts,
    letters,
    notices,
    papers,
)
from training.drawing.cases import Case, Office
from training.drawing.fonts import Fonts
from training.drawing.forms import Form
from training.drawing.ink import Hand

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


def citizen_id_card(fonts: Fonts, case: Case, rng: np.random.Generator, *, dpi: int, how: str | Hand) -> Form:
    """The card of its day."""
    if case.when < date(2024, 7, 1):
        return card.citizen_id_card(fonts, case, rng, dpi=dpi, how=how)
    holder = case.people["person"]
    case.put("hoTen", holder.name.upper())
    case.put("gioiTinh", holder.sex, holder.sex.capitalize())
    case.put("quocTich", "Việt Nam")
    case.put("noiCuTru", holder.home.full())
    return cards.new_citizen_card(fonts, case, rng, dpi=dpi, how=how)


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
    "citizen_id_card": Kind(cases.single, citizen_id_card, "printer", 300),
    "old_id_card": Kind(events.holder, cards.old_id_card, "printer", 300),
    "driving_licence": Kind(events.holder, cards.driving_licence, "printer", 300),
    "health_insurance_card": Kind(events.holder, cards.health_insurance_card, "printer", 300),
    "land_certificate": Kind(events.holder, papers.land_certificate, "printer"),
    "business_registration": Kind(events.holder, papers.business_registration, "printer"),
    "social_insurance_book": Kind(events.holder, papers.social_insurance_book, "printer"),
    "household_book": Kind(events.holder, papers.household_book),
    "decision": Kind(cases.single, letters.decision),
    "official_letter": Kind(events.addressed, notices.official_letter),
    "application_letter": Kind(events.holder, notices.application_letter),
    "martyr_visit_letter": Kind(events.martyr_visit, notices.martyr_visit_letter),
}
