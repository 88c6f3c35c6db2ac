"""What comes out of a bundle: the result, its files, and receipts of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digitizer.model.documents import Document
from digitizer.model.pagetext import PageText
from digitizer.model.problem import Problem
from digitizer.model.submission import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that the pipeline made, still in the scratch folder."""

    name: str
    media_type: str
    path: Path
    #: what a person should know of it
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How a result was made."""

    #: our version and those of the libraries that matter
    versions: Mapping[str, str]
    #: model name -> SHA-256
    models: Mapping[str, str]
    #: digest over the document type declarations
    doctypes: str
    #: stage -> seconds
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Digitized:
    """The result for a bundle."""

    bundle: str
    sources: tuple[Source, ...]
    pages: tuple[PageText, ...]
    #: position of each PageText's scan in the bundle, same length as `pages`
    positions: tuple[int, ...]
    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The dossier system took a delivery: an intake's PDF, or a record and its revision."""

    delivery: str
    dossier: str
    external_id: str
    #: aware, UTC
    at: datetime
