"""Where scanners leave files: folders and S3 prefixes. It says which files make one bundle, and what their paths tell."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Protocol

from digitizer import dossiers
from digitizer.errors import FileAccess, UnsupportedFormat
from digitizer.pages import sniff
from digitizer.service.output_folder import readable
from digitizer.settings import Settings
from digitizer.storage import Objects, open_objects
from digitizer.text import nfc

#: suffixes of what a scanner or an office program leaves in a folder. Taken as a document and, where we cannot read it, refused
DOCUMENTS = frozenset(
    {".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".jp2", ".heic"}
    | {".doc", ".docx", ".xls", ".xlsx", ".odt", ".rtf", ".avif", ".zip"}
)
#: suffixes of files that a program is still writing
UNFINISHED = frozenset({".crdownload", ".download", ".filepart", ".part", ".partial", ".tmp"})
#: files that systems leave in folders
SYSTEM = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})
#: first bytes of papers and pictures that we do not read, so that a person is told: ZIP, OLE, GIF, RIFF (WebP)
_REFUSED_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"GIF8", b"RIFF")
#: bytes from which a kind of file is told
_HEAD_BYTES = 8192


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
class LeftOut:
    """Something in a folder that is not taken."""

    #: as a person would name it
    shown: str
    #: code of the reason, with a sentence in `messages`
    reason: str
    #: whether a person has to do something: it may be a paper
    refused: bool = False


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
        name = first.address if first.address.startswith("s3://") else readable(first.key)
        return name if len(self.files) == 1 else name.rpartition("/")[0] or "."


class ScanSource(Protocol):
    """A folder or prefix. Raises FileAccess, StoreDown."""

    #: whether a version can be trusted without reading the file again
    versioned: bool

    def files(self) -> Iterator[InputFile | LeftOut]:
        """Everything in it, in no particular order: what may be taken, and what is left out with its reason."""
        ...

    def local(self, file: InputFile, scratch: Path) -> Path:
        """A path to read a file from, named as it is. It is a copy in `scratch` where the file is elsewhere."""
        ...


class Folder:
    """A file, or a folder with all below it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise FileAccess(f"there is no {path}", file=str(path))
        self.path, self.versioned = path, False

    def files(self) -> Iterator[InputFile | LeftOut]:
        """See `ScanSource`. A file that goes while we look is not there. A link that leaves the folder is refused."""
        if self.path.is_file():
            yield self._file(self.path, PurePath(self.path.name))
            return
        yield from self._below(self.path, self.path.resolve(), frozenset())

    def _below(self, folder: Path, root: Path, above: frozenset[Path]) -> Iterator[InputFile | LeftOut]:
        """Everything below `folder`. `above` are the folders it lies in, so that a link to one of them ends nothing."""
        try:
            entries = sorted(folder.iterdir())
        except FileNotFoundError:
            return
        except OSError:
            yield LeftOut(shown=readable(folder), reason="left_unreadable_folder", refused=True)
            return
        within = above | {folder.resolve()}
        for path in entries:
            try:
                yield from self._entry(path, root, within)
            except FileNotFoundError:
                continue
            except OSError:
                yield LeftOut(shown=readable(path), reason="left_unreadable", refused=True)

    def _entry(self, path: Path, root: Path, above: frozenset[Path]) -> Iterator[InputFile | LeftOut]:
        shown = readable(path)
        if _is_hidden(path.name):
            yield LeftOut(shown=shown, reason="left_hidden")
        elif path.is_symlink() and not path.exists():
            yield LeftOut(shown=shown, reason="left_dangling_link", refused=True)
        elif path.is_symlink() and not path.resolve().is_relative_to(root):
            yield LeftOut(shown=shown, reason="left_outside", refused=True)
        elif path.is_dir():
            if path.resolve() in above:
                yield LeftOut(shown=shown, reason="left_loop")
            else:
                yield from self._below(path, root, above)
        elif not path.is_file():
            yield LeftOut(shown=shown, reason="left_special")
        else:
            yield self._file(path, path.relative_to(self.path))

    @staticmethod
    def _file(path: Path, below: PurePath) -> InputFile | LeftOut:
        if (reason := _reason_to_leave(path)) is not None:
            return LeftOut(shown=readable(path), reason=reason)
        seen, whole = path.stat(), path.absolute()
        version = f"{seen.st_mtime_ns}-{seen.st_size}"
        return InputFile(
            address=readable(whole),
            path=PurePath(nfc(readable(whole))),
            below=PurePath(nfc(readable(below))),
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

    def files(self) -> Iterator[InputFile | LeftOut]:
        """See `ScanSource`. Keys that end in `/` are folders somebody made by hand."""
        for seen in self.objects.list(self.prefix):
            whole = PurePosixPath(nfc(seen.key))
            above = PurePosixPath(nfc(self.prefix.rpartition("/")[0]))
            below = whole.relative_to(above) if whole.is_relative_to(above) else whole
            address = f"{self.root}{seen.key}"
            if seen.key.endswith("/"):
                continue
            if any(_is_hidden(part) for part in below.parts):
                yield LeftOut(shown=address, reason="left_hidden")
            elif (reason := _left_by_name(whole)) is not None:
                yield LeftOut(shown=address, reason=reason)
            else:
                yield InputFile(address=address, path=whole, below=below, version=seen.etag, size=seen.size, key=seen.key)

    def local(self, file: InputFile, scratch: Path) -> Path:
        """A copy, under the last part of its key."""
        target = scratch / (file.path.name or "file")
        self.objects.fetch(file.key, target)
        return target


def open_source(address: str, settings: Settings) -> Folder | Prefix:
    """The folder, file or `s3://bucket/prefix` at `address`. Raises FileAccess, ConfigError."""
    return Prefix(address, settings) if address.startswith("s3://") else Folder(Path(address))


def bundles(files: Iterable[InputFile | LeftOut], *, book: bool, name: str) -> tuple[list[InputBundle], list[LeftOut]]:
    """The bundles among `files`, pages in their natural order, and what is left out.

    With `book` all of them are one, called `name`. Else those whose path is `<agency>/books/KS/1999/01/…` are one each.
    """
    everything = list(files)
    left = [one for one in everything if isinstance(one, LeftOut)]
    scans = sorted((one for one in everything if isinstance(one, InputFile)), key=lambda file: natural(file.below))
    if book:
        alone = len(scans) == 1 and scans[0].path.name == name
        target = PurePath(scans[0].path.stem if alone else name)
        whole = InputBundle(files=tuple(scans), name=name, target=target, hint=dossiers.RoutingHint())
        return ([whole] if scans else []), left
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
    return _told_apart(found), left


def _told_apart(found: list[InputBundle]) -> list[InputBundle]:
    """Bundles that share a stem get their whole file name as target."""
    shared = {target for target, count in Counter(item.target for item in found).items() if count > 1}
    return [replace(i, target=i.target.with_name(i.files[0].path.name)) if i.target in shared else i for i in found]


def natural(path: PurePath) -> list[tuple[int, str]]:
    """A sort key under which `page 2` comes before `page 10`."""
    return [(int(part), "") if part.isdigit() else (0, part.casefold()) for part in re.split(r"(\d+)", str(path)) if part]


def gaps(files: Sequence[InputFile]) -> tuple[list[int], list[int]]:
    """(numbers missing, numbers there twice) in the last number of the names. Nothing where not every name has one."""
    numbers = [re.findall(r"\d+", file.path.stem) for file in files]
    if len(files) < 2 or not all(numbers):
        return [], []
    last = Counter(int(found[-1]) for found in numbers)
    missing = sorted(set(range(min(last), max(last))) - set(last))
    return (missing, sorted(n for n, count in last.items() if count > 1)) if len(missing) < len(files) else ([], [])


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name == "__MACOSX"


def _left_by_name(path: PurePath) -> str | None:
    """Why the name alone says that a file is no document. None where it may be one."""
    suffix = path.suffix.lower()
    if path.name.lower() == dossiers.LISTING:
        return "left_listing"
    if path.name.lower() in SYSTEM:
        return "left_system"
    if suffix in UNFINISHED:
        return "left_unfinished"
    return None if suffix in DOCUMENTS else "left_no_document"


def _reason_to_leave(path: Path) -> str | None:
    """As `_left_by_name`, but the content decides where the suffix says nothing. Raises OSError."""
    reason = _left_by_name(path)
    if reason != "left_no_document":
        return reason
    with path.open("rb") as opened:
        head = opened.read(_HEAD_BYTES)
    if head.startswith(_REFUSED_MAGIC) or head[4:8] == b"ftyp":
        return None
    try:
        sniff(head)
    except UnsupportedFormat:
        return reason
    return None
