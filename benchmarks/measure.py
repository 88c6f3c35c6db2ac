"""What a run is measured by: pure functions over truth and result, no I/O."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import Levenshtein

from digitizer.model import Digitized, Document, Field
from digitizer.text import nfc

UNKNOWN = "unknown"
#: signs that labels of real handwriting leave out or set at will
_POINTS = str.maketrans(dict.fromkeys(".,;:", " "))
#: the five tone marks as NFD has them -> signs that stand for them behind a word, where they cannot join a letter again
_TONES = {"\u0300": "`", "\u0301": "'", "\u0303": "~", "\u0309": "?", "\u0323": "*"}


def folded(text: str) -> str:
    """`text` without case, `.,;:` and the place of a tone, which follows its word: labels of real handwriting differ there."""
    words = []
    for word in text.casefold().translate(_POINTS).split():
        apart = unicodedata.normalize("NFD", word)
        tones = "".join(_TONES[c] for c in apart if c in _TONES)
        words.append(nfc("".join(c for c in apart if c not in _TONES)) + tones)
    return " ".join(words)


@dataclass(slots=True)
class Share:
    """`right` out of `all`."""

    right: int = 0
    all: int = 0

    def add(self, right: bool) -> None:
        """One more."""
        self.right += right
        self.all += 1

    def plain(self) -> dict[str, Any]:
        """As a result file has it."""
        return {"right": self.right, "all": self.all, "share": round(self.right / self.all, 4) if self.all else None}


@dataclass(slots=True)
class Errors:
    """Character errors: edit distance over letters of the truth."""

    edits: int = 0
    letters: int = 0

    def add(self, read: str, truth: str) -> None:
        """Counts one more text. Both sides are compared as NFC with single spaces."""
        read, truth = nfc(read), nfc(truth)
        self.edits += Levenshtein.distance(read, truth)
        self.letters += len(truth)

    def plain(self) -> dict[str, Any]:
        """As a result file has it."""
        return {
            "edits": self.edits,
            "letters": self.letters,
            "cer": round(self.edits / self.letters, 4) if self.letters else None,
        }


@dataclass(slots=True)
class Matches:
    """Values of some fields: how many are exactly right, and character errors of what was read for them (nothing: all wrong)."""

    exact: Share = field(default_factory=Share)
    errors: Errors = field(default_factory=Errors)

    def add(self, read: object, truth: object) -> None:
        """One more value in normal form."""
        self.exact.add(same(read, truth))
        self.errors.add(_letters(read), _letters(truth))

    def plain(self) -> dict[str, Any]:
        """As a result file has it."""
        return {**self.exact.plain(), "cer": self.errors.plain()["cer"]}


def _letters(value: object) -> str:
    return "" if value is None else " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def shares() -> defaultdict[str, Share]:
    """Shares by name."""
    return defaultdict(Share)


#: bins of the reliability diagram: their lower bounds
BINS = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
#: the share of wrong values among the accepted that thresholds are chosen for
TARGET = 0.002


@dataclass(slots=True)
class Trust:
    """How far confidence can be trusted: what was said and what was so."""

    said: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, got: Field | None, right: bool) -> None:
        """Counts one more value. A value that is missing, has a problem, or comes from a code or a person is left out."""
        if got is not None and got.value is not None and not got.problems and got.by == "ocr":
            self.said.append((got.confidence, right))

    def plain(self) -> dict[str, Any]:
        """As a result file has it: bins, the mean gap between said and so, coverage where at most TARGET are wrong."""
        bins = []
        for low, high in zip(BINS, (*BINS[1:], 1.01), strict=True):
            held = [(said, right) for said, right in self.said if low <= said < high]
            if held:
                said, so = (sum(values) / len(held) for values in zip(*held, strict=True))
                bins.append({"from": low, "values": len(held), "said": round(said, 4), "so": round(so, 4)})
        total = sum(b["values"] for b in bins)
        gap = sum(abs(b["said"] - b["so"]) * b["values"] for b in bins) / total if total else None
        return {"values": total, "gap": None if gap is None else round(gap, 4), "coverage": self._coverage(), "bins": bins}

    def _coverage(self) -> float | None:
        """The largest share of values that one threshold could accept with at most TARGET wrong."""
        wrong, best = 0, 0
        for number, (_, right) in enumerate(sorted(self.said, key=lambda s: (-s[0], s[1])), 1):
            wrong += not right
            best = number if wrong <= TARGET * number else best
        return round(best / len(self.said), 4) if self.said else None


@dataclass(slots=True)
class Tally:
    """All counts of one folder."""

    text: Errors = field(default_factory=Errors)
    #: by scan level
    text_by_level: defaultdict[str, Errors] = field(default_factory=lambda: defaultdict(Errors))
    types: Share = field(default_factory=Share)
    types_by_level: defaultdict[str, Share] = field(default_factory=shares)
    confusion: Counter[str] = field(default_factory=Counter)
    splits: Share = field(default_factory=Share)
    records: Share = field(default_factory=Share)
    #: by hand, level, type and name of the field, see `_keys`
    fields: defaultdict[str, Matches] = field(default_factory=lambda: defaultdict(Matches))
    #: accepted fields that the truth has, and wrong ones among all accepted, also fields the truth does not have
    accepted: Share = field(default_factory=Share)
    accepted_wrong: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)
    #: confidence of every value without a problem, and whether it is right
    trust: Trust = field(default_factory=lambda: Trust())

    def add(self, result: Digitized, truth: Mapping[str, Any]) -> None:
        """One more file."""
        level = truth.get("level", "")
        read = "\n".join(line.text for page in result.pages for line in page.lines)
        self.text.add(read, truth.get("text", ""))
        self.text_by_level[level].add(read, truth.get("text", ""))
        self._types(result, truth, level)
        for wanted, found in pairs(truth.get("documents", []), result.documents):
            self.splits.add(found is not None and list(found.pages) == list(wanted["pages"]))
            self._fields(wanted, found, level, truth["file"])

    def _types(self, result: Digitized, truth: Mapping[str, Any], level: str) -> None:
        found = {scan: document.doctype or UNKNOWN for document in result.documents for scan in document.pages}
        for wanted in truth.get("documents", []):
            for scan in wanted["pages"]:
                right = found.get(scan, UNKNOWN) == wanted["type"]
                self.types.add(right)
                self.types_by_level[level].add(right)
                if not right:
                    self.confusion[f"{wanted['type']} -> {found.get(scan, UNKNOWN)}"] += 1

    def _fields(self, wanted: Mapping[str, Any], found: Document | None, level: str, file: str) -> None:
        records = found.records if found is not None else ()
        self.records.add(len(records) == len([r for r in wanted["records"] if r["fields"]]))
        for number, record in enumerate(wanted["records"]):
            values = {f.name: f for f in records[number].fields} if number < len(records) else {}
            for name, value in record["fields"].items():
                got = values.pop(name, None)
                right = got is not None and same(got.value, value)
                hand = "handwritten" if name in record.get("hand", ()) else "typed"
                for key in _keys(hand, level, wanted["type"], name):
                    self.fields[key].add(None if got is None else got.value, value)
                self._accept(got is not None and got.accepted, right)
                self.trust.add(got, right)
                if not right:
                    said = None if got is None else got.value
                    note = {"file": file, "record": number, "field": name, "hand": hand == "handwritten"}
                    self.wrong.append({**note, "truth": value, "read": said, "accepted": bool(got and got.accepted)})
            for extra in values.values():
                self.trust.add(extra, False)
                if extra.accepted and extra.value is not None:
                    self.accepted_wrong += 1
                    note = {"file": file, "record": number, "field": extra.name, "truth": None}
                    self.wrong.append({**note, "read": extra.value, "accepted": True})

    def _accept(self, accepted: bool, right: bool) -> None:
        self.accepted.add(accepted)
        self.accepted_wrong += accepted and not right

    def plain(self) -> dict[str, Any]:
        """As a result file has it."""
        return {
            "text": self.text.plain(),
            "text by level": {k: v.plain() for k, v in sorted(self.text_by_level.items()) if k},
            "types": self.types.plain(),
            "types by level": {k: v.plain() for k, v in sorted(self.types_by_level.items())},
            "confusion": dict(self.confusion.most_common()),
            "splits": self.splits.plain(),
            "record counts": self.records.plain(),
            "fields": {k: v.plain() for k, v in sorted(self.fields.items())},
            "accepted": {
                **self.accepted.plain(),
                "wrong": self.accepted_wrong,
                "wrong share": round(self.accepted_wrong / self.accepted.right, 4) if self.accepted.right else None,
            },
            "trust": self.trust.plain(),
        }


def _keys(hand: str, level: str, doctype: str, name: str) -> tuple[str, ...]:
    return (hand, f"{hand} {level}", f"{doctype} {hand}", f"{doctype} {level} {hand}", f"field {name}", f"field {name} {hand}")


def same(read: object, truth: object) -> bool:
    """Whether two values in normal form are the same. Lists are compared in order."""
    if isinstance(truth, list):
        return isinstance(read, tuple | list) and [nfc(str(v)) for v in read] == [nfc(str(v)) for v in truth]
    if isinstance(truth, bool) or isinstance(read, bool):
        return read is truth
    return read is not None and nfc(str(read)) == nfc(str(truth))


def pairs(wanted: Sequence[Mapping[str, Any]], found: Iterable[Document]) -> Iterator[tuple[Mapping[str, Any], Document | None]]:
    """Each document of the truth with the one of the result that shares its first scan and type, or its first scan."""
    documents = list(found)
    for document in wanted:
        sharing = [d for d in documents if set(d.pages) & set(document["pages"])]
        yield document, min(sharing, key=lambda d: ((d.doctype or UNKNOWN) != document["type"], d.pages), default=None)
