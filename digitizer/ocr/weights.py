"""Model folders: `inference.onnx`, `inference.yml` as PaddleOCR's loader wants it, and `card.toml` saying what it is.

A folder is used only when the weights have the hash on the card and, for a recogniser, every Vietnamese letter.
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

SHIPPED = Path(__file__).with_name("models")
DETECTOR = "lines-small"
RECOGNISER = "vietnamese-small"
#: what every recogniser has to know besides the 134 accented letters
PLAIN = frozenset(" 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,:;-/()<")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A checked model folder."""

    name: str
    folder: Path
    #: SHA-256 of inference.onnx
    sha256: str
    #: characters by output index, from 1 (0 is the CTC blank); empty for a detector
    charset: tuple[str, ...]

    @property
    def weights(self) -> Path:
        """The ONNX file."""
        return self.folder / "inference.onnx"


def check_model(folder: Path, role: str) -> Model:
    """The model in `folder`, or ModelError: no weights, no card, another role, another hash, letters missing."""
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
    """The text detector to use. Raises ModelError."""
    return check_model(options.detector or SHIPPED / DETECTOR, "detector")


def recogniser(options: EngineOptions) -> Model:
    """The text recogniser to use. Raises ModelError."""
    return check_model(options.recogniser or SHIPPED / RECOGNISER, "recogniser")
