"""How sure we are of a value, what is accepted, and the verdict on a record.

A contradiction (`rules.py`) always goes to a person: both values stay, neither is accepted.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from digitizer.doctypes import DocType
from digitizer.extract.rules import agreements, contradictions
from digitizer.extract.types import TYPES
from digitizer.extract.values import Evidence
from digitizer.model import Field, Problem, Verdict

#: written by `benchmarks/calibrate.py`
CALIBRATION = Path(__file__).with_name("confidence.toml")
#: features of a value read freely, and of one that was decoded
FREE, DECODED = 5, 8


@dataclass(frozen=True, slots=True)
class Scale:
    """What a kind of value was calibrated to: weights over `features`."""

    decoded: tuple[float, ...]
    free: tuple[float, ...]


#: of a type that nobody calibrated
NEVER = Scale((-9.0,) + (0.0,) * (DECODED - 1), (-9.0,) + (0.0,) * (FREE - 1))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The confidence from which a value is accepted, and the scale of each value type; types calibrated together share one."""

    accept: float
    scales: Mapping[str, Scale]


@cache
def calibration() -> Calibration:
    """What `confidence.toml` says."""
    data = tomllib.loads(CALIBRATION.read_text(encoding="utf-8"))
    groups = {name: Scale(tuple(group["decoded"]), tuple(group["free"])) for name, group in data["group"].items()}
    # a type that nobody calibrated is never sure enough
    return Calibration(data["accept"], {name: groups.get(kind.group or "", NEVER) for name, kind in TYPES.items()})


def features(evidence: Evidence) -> tuple[float, ...]:
    """What a confidence is a weighing of: 1, worst and mean letter (log odds), what is odd about the value (two numbers), and for
    a decoded value its margin over all other values, support by its columns and how usual it is, each bounded.

    The margin counts for no more than the worst letter bears: where the right value is not among those that the pixels support,
    the only one left is far ahead of nothing.
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


def confidence(kind: str, evidence: Evidence) -> float:
    """How likely a value of type `kind` is right, calibrated on drawn pages: the one place where confidences are combined."""
    if not evidence.letters:
        return 0.0
    scale = calibration().scales[kind]
    weights = scale.free if evidence.margin is None else scale.decoded
    z = sum(w * x for w, x in zip(weights, features(evidence), strict=True))
    return round(1 / (1 + math.exp(-max(-30.0, min(z, 30.0)))), 4)


def both(a: float, b: float) -> float:
    """How sure we are of what was read twice, apart from one another, and is the same: wrong only when both are wrong alike."""
    return round(1 - (1 - a) * (1 - b), 4)


def judge(fields: Sequence[Field], doctype: DocType) -> tuple[tuple[Field, ...], Verdict, tuple[Problem, ...]]:
    """Fields with contradictions noted and acceptance decided, the verdict, and the reasons for a review."""
    values = {f.name: f.value for f in fields if isinstance(f.value, str)}
    fields = _confirmed(fields, values)
    found = list(contradictions(values))
    judged = tuple(_judge_field(f, [code for code, names in found if f.name in names], doctype) for f in fields)
    have = {f.name for f in judged if f.value is not None}
    reasons = [Problem(code=code, field=names[0], facts={"other": names[-1]}) for code, names in found]
    reasons += [Problem(code="missing", field=spec.name) for spec in doctype.fields if spec.required and spec.name not in have]
    unsure = sum(not f.accepted for f in judged if f.name in have)
    if unsure:
        reasons.append(Problem(code="unsure_fields", facts={"count": unsure}))
    return judged, Verdict.REVIEW if reasons else Verdict.ACCEPT, tuple(reasons)


def _confirmed(fields: Sequence[Field], values: Mapping[str, str]) -> list[Field]:
    """A date that words say too is as sure as both together; the words are not, for their spelling and commas stand alone."""
    sure = {field.name: field.confidence for field in fields}
    for digits, words in agreements(values):
        sure[digits] = both(sure[digits], sure[words])
    return [replace(field, confidence=sure[field.name]) for field in fields]


def _judge_field(field: Field, contradicted: Sequence[str], doctype: DocType) -> Field:
    problems = (*field.problems, *(Problem(code=code, field=field.name) for code in dict.fromkeys(contradicted)))
    enough = max(doctype.accept_field, calibration().accept)
    accepted = field.value is not None and not problems and field.confidence >= enough
    return replace(field, problems=problems, accepted=accepted)
