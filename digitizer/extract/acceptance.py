"""Computes the confidence of values, accepts them or not, and gives the verdict on a record.

A contradiction (`rules.py`) always goes to a person. Both values stay, neither is accepted.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from digitizer.doctypes import DocType
from digitizer.extract.rules import agreements, contradictions, future_dates
from digitizer.extract.types import TYPES
from digitizer.extract.values import ValueEvidence
from digitizer.model import Field, Problem, Verdict

#: calibrated weights, written by `benchmarks/calibrate.py`
CALIBRATION = Path(__file__).with_name("confidence.toml")
#: number of features of a value that was read freely
FREE = 5
#: number of features of a value that was decoded under a constraint
DECODED = 8


@dataclass(frozen=True, slots=True)
class Scale:
    """Calibrated weights over `features` for a group of value types."""

    #: for decoded values, DECODED weights
    decoded: tuple[float, ...]
    #: for freely read values, FREE weights
    free: tuple[float, ...]


#: scale of a type that is not calibrated: its confidence is near 0
NEVER = Scale((-9.0,) + (0.0,) * (DECODED - 1), (-9.0,) + (0.0,) * (FREE - 1))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The content of `confidence.toml`."""

    #: least confidence of an accepted value
    accept: float
    #: value type -> its scale. Types of one group share one
    scales: Mapping[str, Scale]


@cache
def calibration() -> Calibration:
    """Reads `confidence.toml`."""
    data = tomllib.loads(CALIBRATION.read_text(encoding="utf-8"))
    groups = {name: Scale(tuple(group["decoded"]), tuple(group["free"])) for name, group in data["group"].items()}
    # a type that is not calibrated is never accepted
    return Calibration(data["accept"], {name: groups.get(kind.group or "", NEVER) for name, kind in TYPES.items()})


def features(evidence: ValueEvidence) -> tuple[float, ...]:
    """The features that a confidence weighs: FREE numbers, or DECODED for a decoded value.

    They are 1, the log odds of the worst and of the mean letter, and the two numbers of the implausibility. A decoded value adds
    its margin over all other values, its support by the columns, and its prior. Each of the three is bounded.

    The worst letter bounds the margin. When the pixels support no right value, a single wrong one has a large margin that means
    nothing.
    """
    letters = evidence.letters or (0.0,)
    worst = _odds(min(letters))
    plain = (1.0, worst, _odds(sum(letters) / len(letters)), *evidence.odd)
    if evidence.margin is None:
        return plain
    margin = max(-3.0, min(evidence.margin, 2.0 + 2.0 * max(worst, 0.0)))
    support = evidence.support / max(len(letters), 1) ** 0.5
    return (*plain, margin, max(-8.0, support), max(-8.0, min(evidence.prior, 0.0)))


def _odds(p: float) -> float:
    p = min(max(p, 0.01), 0.9995)
    return math.log(p / (1 - p))


def confidence(kind: str, evidence: ValueEvidence) -> float:
    """Probability that a value of type `kind` is right, calibrated on drawn pages. Confidences are combined only here."""
    if not evidence.letters:
        return 0.0
    scale = calibration().scales[kind]
    weights = scale.free if evidence.margin is None else scale.decoded
    z = sum(w * x for w, x in zip(weights, features(evidence), strict=True))
    return round(1 / (1 + math.exp(-max(-30.0, min(z, 30.0)))), 4)


def both(a: float, b: float) -> float:
    """Confidence of two equal, independent readings: 1 - (1 - a)(1 - b). It is wrong only when both are wrong alike."""
    return round(1 - (1 - a) * (1 - b), 4)


def judge(
    fields: Sequence[Field], doctype: DocType, received: date | None = None
) -> tuple[tuple[Field, ...], Verdict, tuple[Problem, ...]]:
    """Fields with contradictions noted and acceptance decided, the verdict, and the reasons for a review.

    `received`: the day the scan came, if known.
    """
    values = {f.name: f.value for f in fields if isinstance(f.value, str)}
    fields = _confirmed(fields, values)
    found = list(contradictions(values))
    if received is not None:
        dates = {spec.name for spec in doctype.fields if spec.type == "date"}
        found += future_dates({name: value for name, value in values.items() if name in dates}, received)
    judged = tuple(_judge_field(f, [code for code, names in found if f.name in names], doctype) for f in fields)
    have = {f.name for f in judged if f.value is not None}
    reasons = [Problem(code=code, field=names[0], facts={"other": names[-1]}) for code, names in found]
    reasons += [Problem(code="missing", field=spec.name) for spec in doctype.fields if spec.required and spec.name not in have]
    unsure = sum(not f.accepted for f in judged if f.name in have)
    if unsure:
        reasons.append(Problem(code="unsure_fields", facts={"count": unsure}))
    return judged, Verdict.REVIEW if reasons else Verdict.ACCEPT, tuple(reasons)


def _confirmed(fields: Sequence[Field], values: Mapping[str, str]) -> list[Field]:
    """`fields` with the confidence of a date raised when its words agree.

    The words keep their confidence, because the digits do not confirm their spelling and commas.
    """
    sure = {field.name: field.confidence for field in fields}
    for digits, words in agreements(values):
        sure[digits] = both(sure[digits], sure[words])
    return [replace(field, confidence=sure[field.name]) for field in fields]


def _judge_field(field: Field, contradicted: Sequence[str], doctype: DocType) -> Field:
    problems = (*field.problems, *(Problem(code=code, field=field.name) for code in dict.fromkeys(contradicted)))
    enough = max(doctype.accept_field, calibration().accept)
    accepted = field.value is not None and not problems and field.confidence >= enough
    return replace(field, problems=problems, accepted=accepted)
