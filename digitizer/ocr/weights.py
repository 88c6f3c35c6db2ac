"""Model folders hold `inference.onnx`, `inference.yml` in PaddleOCR's format, and `card.toml` with name, role and hash.

A folder is used only when the weights have the hash on the card. A recogniser must also know every Vietnamese letter.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import yaml

from digitizer.digests import file_sha256
from digitizer.errors import ModelError
from digitizer.settings import EngineOptions
from digitizer.text import ACCENTED

#: folder of the models we ship
SHIPPED = Path(__file__).with_name("models")
#: name of the detector we ship
DETECTOR = "lines-small"
#: name of the recogniser we ship
RECOGNISER = "vietnamese-small"
#: name of the recogniser of handwriting we ship
HANDS = "vietnamese-hands"
#: characters that every recogniser must know besides the 134 accented letters
PLAIN = frozenset(" 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,:;-/()<")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A checked model folder."""

    name: str
    folder: Path
    #: SHA-256 of inference.onnx
    sha256: str
    #: characters by output index, from 1. Index 0 is the CTC blank. Empty for a detector
    charset: tuple[str, ...]

    @property
    def weights(self) -> Path:
        """The ONNX file."""
        return self.folder / "inference.onnx"


def check_model(folder: Path, role: str) -> Model:
    """The model in `folder`. `role` is `detector` or `recogniser`.

    Raises ModelError when weights or card are missing, the role or hash is another, or letters are missing.
    """
    try:
        card = tomllib.loads((folder / "card.toml").read_text(encoding="utf-8"))
        declared = yaml.safe_load((folder / "inference.yml").read_text(encoding="utf-8"))
        digest = file_sha256(folder / "inference.onnx")
        name, charset = str(card["name"]), tuple(declared["PostProcess"].get("character_dict", ()))
    except (OSError, KeyError, TypeError, AttributeError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as exc:
        raise ModelError(f"model folder is not complete: {exc}", model=folder.name) from exc
    if card.get("role") != role:
        raise ModelError(f"this model is no {role}", model=name)
    if digest != card.get("sha256"):
        raise ModelError("weights do not have the hash stated on their card", model=name)
    missing = sorted((PLAIN | set(ACCENTED)) - set(charset)) if role == "recogniser" else []
    if missing:
        raise ModelError(f"model lacks {len(missing)} letters: {''.join(missing)}", model=name)
    return Model(name=name, folder=folder, sha256=digest, charset=charset)


def detector(options: EngineOptions) -> Model:
    """The detector in `options`, else the shipped one. Raises ModelError."""
    return check_model(options.detector or SHIPPED / DETECTOR, "detector")


def recogniser(options: EngineOptions) -> Model:
    """The recogniser in `options`, else the shipped one. Raises ModelError."""
    return check_model(options.recogniser or SHIPPED / RECOGNISER, "recogniser")


def hands(options: EngineOptions, reads: Model) -> Model | None:
    """The recogniser of handwriting to use beside `reads`, None where one reader reads all. Raises ModelError."""
    if not options.handwriting:
        return None
    found = check_model(options.hands or SHIPPED / HANDS, "recogniser")
    if found.charset != reads.charset:
        raise ModelError("the reader of handwriting does not have the letters of the other one in their order", model=found.name)
    return found
