"""Measures how readable our pages are: words and semicolons a sentence. `python -m tests.prose` prints them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: pages for people, the generated ones left out
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("docs/decisions/*.md"),
        *(ROOT / top / "README.md" for top in ("samples", "digitizer/data")),
        *ROOT.glob("benchmarks/*.md"),
    ]
)

_FENCE = re.compile(r"^\s*```")
_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s+")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_CODE = re.compile(r"`[^`]*`")
_END = re.compile(r"(?<=[.!?])[)*_]*\s+(?=[*_(]*[A-Z0-9`ĐÀ-Ỹ])")
#: abbreviations end no sentence
_SHORT = re.compile(r"\b(e\.g|i\.e|etc|cf|No|al)\.")


@dataclass(frozen=True, slots=True)
class Prose:
    """What was counted in a text."""

    sentences: tuple[str, ...]

    @property
    def words(self) -> float:
        """Words a sentence, on average."""
        return sum(len(words(s)) for s in self.sentences) / max(1, len(self.sentences))

    @property
    def semicolons(self) -> float:
        """Semicolons a sentence, on average."""
        return sum(s.count(";") for s in self.sentences) / max(1, len(self.sentences))

    @property
    def longest(self) -> str:
        """The sentence with the most words."""
        return max(self.sentences, key=lambda s: len(words(s)), default="")


def words(sentence: str) -> list[str]:
    """The words of a sentence: runs that hold a letter or digit."""
    return [word for word in sentence.split() if any(c.isalnum() for c in word)]


def paragraphs(markdown: str) -> list[str]:
    """Running text of a page: paragraphs and list items. Code, tables, headings and link targets are left out."""
    found: list[list[str]] = [[]]
    fenced = False
    for line in markdown.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
            found.append([])
        elif fenced or line.lstrip().startswith(("|", "#")) or line.startswith("    ") or not line.strip():
            if not (line.startswith("    ") and found[-1]):
                found.append([])
        elif _ITEM.match(line):
            found.append([_ITEM.sub("", line)])
        else:
            found[-1].append(line.strip())
    return [" ".join(lines) for lines in found if lines]


def measure(markdown: str) -> Prose:
    """The sentences of a page. A code span counts as one word; a paragraph or list item ends its last sentence."""
    sentences: list[str] = []
    for text in paragraphs(markdown):
        plain = _CODE.sub("Code", _LINK.sub(r"\1", text))
        plain = _SHORT.sub(r"\1", plain)
        sentences += [s for s in _END.split(plain) if len(words(s)) > 0]
    return Prose(tuple(sentences))


def main() -> None:
    """Prints a row for each page."""
    print(f"{'page':45} {'sentences':>9} {'words':>6} {'semicolons':>10} {'longest':>8}")
    for path in PAGES:
        prose = measure(path.read_text(encoding="utf-8"))
        longest = len(words(prose.longest))
        name = str(path.relative_to(ROOT))
        print(f"{name:45} {len(prose.sentences):9} {prose.words:6.1f} {prose.semicolons:10.2f} {longest:8}")


if __name__ == "__main__":
    main()
