"""The fonts we draw with. Declarations pin package, version and SHA-256 of every file. Here they are fetched and verified.

`fonts.toml` draws samples and lines, `fonts_lines.toml` more lines to train on, `fonts_reserved.toml` the lines that measure.

Fonts are needed while drawing only. They come from the npm registry (`npm pack`) and from Debian (the installed file, else
`apt-get download`), and are kept under `.cache/fonts`. Families kept for evaluation are refused.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import ImageFont

from digitizer.text import ACCENTED

DECLARATION = Path(__file__).with_name("fonts.toml")
#: more hands and faces for training lines. Samples do not use them, so that they are redrawn byte for byte
MORE = Path(__file__).with_name("fonts_lines.toml")
#: families kept for evaluation. Only `benchmarks/recogniser.py` draws with them
EVALUATION = Path(__file__).with_name("fonts_reserved.toml")
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "fonts"
KINDS = ("print", "typewriter", "pen")
#: (distance, width) of the dots of a dotted line, each from and to, mm
Dots = tuple[tuple[float, float], tuple[float, float]]
DOTS: Dots = ((0.85, 1.7), (0.28, 0.4))
#: handwriting superfamilies kept out of training data and samples: they measure us (docs: evaluation hygiene)
RESERVED = (
    "patrickhand",
    "playwrite",
    "dancingscript",
    "mali",
    "charm",
    "itim",
    "shantellsans",
    "playpensans",
    "msmadi",
    "squarepeg",
    "qwitchergrypen",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FontFile:
    """One font file of one package."""

    family: str
    #: regular, bold, italic, bold-italic
    style: str
    #: print, typewriter, pen
    kind: str
    #: pen only: letters join into words and must not be moved one by one
    joined: bool = False
    #: `npm:<package>` or `debian:<package>`
    package: str
    version: str
    #: path inside the package, or the installed path for Debian
    path: str
    sha256: str


def declared(path: Path = DECLARATION) -> tuple[FontFile, ...]:
    """The fonts of a declaration file. Raises ValueError for an unknown kind, and for a reserved family outside EVALUATION."""
    files = tuple(FontFile(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["font"])
    for file in files:
        if file.kind not in KINDS:
            raise ValueError(f"{file.family}: kind must be one of {KINDS}")
        if path != EVALUATION:
            refuse_reserved(file.family)
    return files


def declared_dots(path: Path) -> Dots:
    """The `dots_mm` of a declaration file, `DOTS` where it has none."""
    (step_from, step_to), (from_, to) = tomllib.loads(path.read_text(encoding="utf-8")).get("dots_mm", DOTS)
    return (step_from, step_to), (from_, to)


def refuse_reserved(family: str) -> None:
    """Raises ValueError when `family` belongs to a superfamily kept for evaluation."""
    name = "".join(c for c in family.lower() if c.isalnum())
    if name.startswith(RESERVED):
        raise ValueError(f"{family} is reserved for evaluation and must not be drawn with")


def fetch(file: FontFile, cache: Path = CACHE) -> Path:
    """The verified file in `cache`, fetched when it is not there. Raises ValueError when its hash is not the pinned one."""
    kept = cache / f"{file.sha256[:16]}-{Path(file.path).name}"
    if not kept.exists():
        content = _from_npm(file) if file.package.startswith("npm:") else _from_debian(file)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise ValueError(f"{file.package} {file.version}: {file.path} is not the pinned file")
        cache.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_bytes(content)
        part.replace(kept)
    return kept


def _from_npm(file: FontFile) -> bytes:
    package = f"{file.package.removeprefix('npm:')}@{file.version}"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, capture_output=True, text=True, check=True)
        with tarfile.open(Path(folder) / done.stdout.split()[-1]) as tar:
            member = tar.extractfile(file.path)
            if member is None:
                raise ValueError(f"{package} has no file {file.path}")
            return member.read()


def _from_debian(file: FontFile) -> bytes:
    installed = Path("/") / file.path
    if installed.exists() and hashlib.sha256(installed.read_bytes()).hexdigest() == file.sha256:
        return installed.read_bytes()
    package = f"{file.package.removeprefix('debian:')}={file.version}"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["dpkg-deb", "-x", str(next(Path(folder).glob("*.deb"))), folder], check=True)
        return (Path(folder) / file.path).read_bytes()


class Fonts:
    """Opened fonts, by kind and family.

    Args:
        files: each font and its bytes.
        dots: what printers set dotted lines with.
    """

    def __init__(self, files: Mapping[FontFile, bytes], dots: Dots = DOTS) -> None:
        self.files, self.dots = tuple(files), dots
        self._bytes = dict(files)
        self.face = lru_cache(maxsize=2000)(self._open)
        self.x_height = lru_cache(maxsize=None)(lambda file: self._height(file, "x"))
        self.cap_height = lru_cache(maxsize=None)(lambda file: self._height(file, "H"))
        self.stem = lru_cache(maxsize=None)(self._stem)

    @classmethod
    def load(cls, *declarations: Path, cache: Path = CACHE) -> Fonts:
        """The fonts of some declarations (`fonts.toml` when none is named), fetched where `cache` lacks them."""
        files = [file for path in declarations or (DECLARATION,) for file in declared(path)]
        dots = next((d for path in declarations if (d := declared_dots(path)) != DOTS), DOTS)
        return cls({file: fetch(file, cache).read_bytes() for file in files}, dots)

    @classmethod
    def reserved(cls, cache: Path = CACHE) -> Fonts:
        """Print and typewriter of `fonts.toml`, pens of the families that nothing is trained with: to measure readers with."""
        files = [*(file for file in declared() if file.kind != "pen"), *declared(EVALUATION)]
        return cls({file: fetch(file, cache).read_bytes() for file in files})

    def choose(self, kind: str, rng: np.random.Generator, *, joined: bool | None = None) -> FontFile:
        """A regular font of a kind."""
        found = [f for f in self.files if f.kind == kind and f.style == "regular" and joined in (None, f.joined)]
        return found[int(rng.integers(len(found)))]

    def styled(self, file: FontFile, style: str) -> FontFile:
        """The file of the same family in another style, or the family's own where it has none."""
        return next((f for f in self.files if f.family == file.family and f.style == style), file)

    def family(self, name: str, style: str = "regular") -> FontFile:
        """A family by name. Raises KeyError."""
        for file in self.files:
            if file.family == name and file.style == style:
                return file
        raise KeyError(name)

    def _open(self, file: FontFile, size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(io.BytesIO(self._bytes[file]), size)

    def _height(self, file: FontFile, letter: str) -> float:
        """Height of a letter in parts of the font size: pen fonts differ by a factor of three."""
        return -float(self.face(file, 200).getbbox(letter, anchor="ls")[1]) / 200

    def _stem(self, file: FontFile) -> float:
        """Width of an upright stroke in parts of the font size: ink of `l` over its height."""
        mask = np.asarray(self.face(file, 200).getmask("l"), np.float32)
        height = self.face(file, 200).getbbox("l", anchor="ls")
        return float(mask.sum() / 255 / (height[3] - height[1])) / 200


def missing_letters(content: bytes, letters: Iterable[str] = ACCENTED, size: int = 120) -> str:
    """Letters a font leaves blank or draws like another one: `ắ` without its accent is no `ắ`."""
    face = ImageFont.truetype(io.BytesIO(content), size)
    seen = {bytes(face.getmask("\uffff")): "\uffff"}
    missing = ""
    for letter in letters:
        drawn = bytes(face.getmask(letter))
        if not any(drawn) or drawn in seen:
            missing += letter
        seen.setdefault(drawn, letter)
    return missing
