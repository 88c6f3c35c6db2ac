"""Measures how readable our prose is: words and semicolons a sentence.

`python -m tests.prose` prints a row for each page. `python -m tests.prose digitizer/queue` lists sentences of docstrings and
comments below a folder that are long or hold a semicolon.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
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


def told_in_code(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of every docstring and every block of comments in a Python file."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
            text := ast.get_docstring(node)
        ):
            yield getattr(node, "lineno", 0) + 1, text
    block: list[str] = []
    begin = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and "noqa" not in token.string:
            if token.start[0] != last + 1:
                if block:
                    yield begin, " ".join(block)
                block, begin = [], token.start[0]
            block.append(token.string.lstrip("#: "))
            last = token.start[0]
    if block:
        yield begin, " ".join(block)


def hard_sentences(path: Path, *, most: int = 24) -> Iterator[tuple[int, str]]:
    """(line, sentence) of docstrings and comments with more than `most` words or with a semicolon."""
    for line, text in told_in_code(path):
        for sentence in measure(text).sentences:
            if len(words(sentence)) > most or ";" in sentence:
                yield line, sentence


def main() -> None:
    """Prints a row for each page, or the hard sentences below the folders and files named."""
    for name in sys.argv[1:]:
        top = Path(name)
        for path in sorted(top.rglob("*.py")) if top.is_dir() else [top]:
            for line, sentence in hard_sentences(path):
                print(f"{path}:{line}: {sentence}")
    if sys.argv[1:]:
        return
    print(f"{'page':45} {'sentences':>9} {'words':>6} {'semicolons':>10} {'longest':>8}")
    for path in PAGES:
        prose = measure(path.read_text(encoding="utf-8"))
        longest = len(words(prose.longest))
        name = str(path.relative_to(ROOT))
        print(f"{name:45} {len(prose.sentences):9} {prose.words:6.1f} {prose.semicolons:10.2f} {longest:8}")


if __name__ == "__main__":
    main()
