"""Where scanners leave files: folders and S3 prefixes; which files make one bundle, and what their paths say about them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Protocol

from digitizer import dossiers
from digitizer.errors import FileAccess
from digitizer.settings import Settings
from digitizer.storage import Objects, open_objects
from digitizer.text import nfc

#: what a scanner or an office program leaves in a folder; taken as a document and, where we cannot read it, refused by name
DOCUMENTS = frozenset(
    {".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".jp2", ".heic"}
    | {".doc", ".docx", ".xls", ".xlsx", ".odt", ".rtf"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file where it was left."""

    #: its address, unique: a path, or `s3://bucket/key`
    address: str
    #: path as its folders and name are to be understood, NFC
    path: PurePath
    #: the same below the place that was looked at
    below: PurePath
    #: changes when the content does
    version: str
    #: bytes
    size: int
    #: what the place calls it
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputBundle:
    """One bundle to submit: a file, or the files of a book in order."""

    files: tuple[InputFile, ...]
    #: name of the intake
    name: str
    #: where its results go below the output folder, without suffix
    target: PurePath
    #: what the path says about it
    hint: dossiers.RoutingHint

    @property
    def shown(self) -> str:
        """How a person would name it: the file as it was asked for, the folder of a book, or its address."""
        first = self.files[0]
        name = first.address if first.address.startswith("s3://") else first.key
        return name if len(self.files) == 1 else str(Path(name).parent) if name == first.key else name.rpartition("/")[0]


class ScanSource(Protocol):
    """A folder or prefix. Raises FileAccess, StoreDown."""

    #: whether a version can be trusted without reading the file again
    versioned: bool

    def files(self) -> Iterator[InputFile]:
        """All files in it, hidden ones left out, in no particular order."""
        ...

    def local(self, file: InputFile, scratch: Path) -> Path:
        """A path to read a file from, named as it is; a copy in `scratch` where it is elsewhere."""
        ...


class Folder:
    """A file, or a folder with all below it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise FileAccess(f"there is no {path}", file=str(path))
        self.path, self.versioned = path, False

    def files(self) -> Iterator[InputFile]:
        """See `ScanSource`. A file that goes while we look is not there."""
        if self.path.is_file():
            yield self._file(self.path, PurePath(self.path.name))
            return
        for path in self.path.rglob("*"):
            below = path.relative_to(self.path)
            if path.is_file() and not _hidden(below):
                try:
                    yield self._file(path, below)
                except FileNotFoundError:
                    continue

    @staticmethod
    def _file(path: Path, below: PurePath) -> InputFile:
        seen, whole = path.stat(), path.absolute()
        version = f"{seen.st_mtime_ns}-{seen.st_size}"
        return InputFile(
            address=str(whole),
            path=PurePath(nfc(str(whole))),
            below=PurePath(nfc(str(below))),
            version=version,
            size=seen.st_size,
            key=str(path),
        )

    def local(self, file: InputFile, scratch: Path) -> Path:
        """The file itself."""
        return Path(file.key)


class Prefix:
    """All objects of a bucket whose keys begin with a prefix."""

    versioned = True

    def __init__(self, url: str, settings: Settings) -> None:
        self.objects: Objects
        self.objects, self.prefix = open_objects(url, settings.s3)
        self.root = url.removesuffix(self.prefix)

    def files(self) -> Iterator[InputFile]:
        """See `ScanSource`. Keys that end in `/` are folders somebody made by hand."""
        for seen in self.objects.list(self.prefix):
            whole = PurePosixPath(nfc(seen.key))
            above = PurePosixPath(nfc(self.prefix.rpartition("/")[0]))
            below = whole.relative_to(above) if whole.is_relative_to(above) else whole
            if not seen.key.endswith("/") and not _hidden(below):
                yield InputFile(
                    address=f"{self.root}{seen.key}", path=whole, below=below, version=seen.etag, size=seen.size, key=seen.key
                )

    def local(self, file: InputFile, scratch: Path) -> Path:
        """A copy, under the last part of its key."""
        target = scratch / (file.path.name or "file")
        self.objects.fetch(file.key, target)
        return target


def open_source(address: str, settings: Settings) -> Folder | Prefix:
    """The folder, file or `s3://bucket/prefix` at `address`. Raises FileAccess, ConfigError."""
    return Prefix(address, settings) if address.startswith("s3://") else Folder(Path(address))


def bundles(files: Iterable[InputFile], *, book: bool, name: str) -> tuple[list[InputBundle], int]:
    """The bundles among `files`, pages in their natural order, and how many files are no documents.

    With `book` all of them are one, called `name`; else those whose path is `<agency>/books/KS/1999/01/…` are one each.
    """
    files = sorted(files, key=lambda file: natural(file.below))
    scans = [file for file in files if file.path.suffix.lower() in DOCUMENTS]
    if book:
        alone = len(scans) == 1 and scans[0].path.name == name
        target = PurePath(scans[0].path.stem if alone else name)
        whole = InputBundle(files=tuple(scans), name=name, target=target, hint=dossiers.RoutingHint())
        return ([whole] if scans else []), len(files) - len(scans)
    books: dict[tuple[str | None, str], list[InputFile]] = defaultdict(list)
    found: list[InputBundle] = []
    for file in scans:
        hint = dossiers.from_path(file.path)
        if hint.book is not None:
            books[hint.agency, hint.book].append(file)
        else:
            found.append(InputBundle(files=(file,), name=file.path.name, target=file.below.with_suffix(""), hint=hint))
    for (agency, code), pages in books.items():
        target, called = pages[0].below.parent, code.replace("/", ".")
        hint = dossiers.RoutingHint(agency=agency, book=code, how="folder")
        found.append(InputBundle(files=tuple(pages), name=called, target=target if target.name else PurePath(called), hint=hint))
    return _told_apart(found), len(files) - len(scans)


def _told_apart(found: list[InputBundle]) -> list[InputBundle]:
    """Bundles that share a stem get their whole file name as target."""
    shared = {target for target, count in Counter(item.target for item in found).items() if count > 1}
    return [replace(i, target=i.target.with_name(i.files[0].path.name)) if i.target in shared else i for i in found]


def natural(path: PurePath) -> list[tuple[int, str]]:
    """A sort key under which `page 2` comes before `page 10`."""
    return [(int(part), "") if part.isdigit() else (0, part.casefold()) for part in re.split(r"(\d+)", str(path)) if part]


def gaps(files: Sequence[InputFile]) -> tuple[list[int], list[int]]:
    """(numbers missing, numbers there twice) in the last number of the names; nothing where not every name has one."""
    numbers = [re.findall(r"\d+", file.path.stem) for file in files]
    if len(files) < 2 or not all(numbers):
        return [], []
    last = Counter(int(found[-1]) for found in numbers)
    missing = sorted(set(range(min(last), max(last))) - set(last))
    return (missing, sorted(n for n, count in last.items() if count > 1)) if len(missing) < len(files) else ([], [])


def _hidden(path: PurePath) -> bool:
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in path.parts)
