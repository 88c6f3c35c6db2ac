"""Pictures of upright pages and scans, whole or in parts, as the IIIF Image API 3 asks for them (level 1).

A page is decoded and set upright once, and kept as a JPEG below `<home>/pictures`. Parts are cut from there. The oldest files go
when the folder outgrows `station.pictures_bytes`.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from digitizer.digests import json_sha256
from digitizer.errors import NotFound
from digitizer.ledger import events, submissions
from digitizer.ledger.api_keys import Caller
from digitizer.ledger.submissions import KnownSource
from digitizer.model import Intake, Pixels, Warp
from digitizer.pages import ScanFile, view
from digitizer.service.context import ServiceContext

#: formats a picture is given in -> media type
FORMATS = {"jpg": "image/jpeg", "webp": "image/webp"}
#: quality of kept pages and of what is given, 0-100
_KEPT_QUALITY, _GIVEN_QUALITY = 92, 80
#: results whose pages are remembered
_REMEMBERED = 64
#: seconds within which looks of one session at one page are one look, and how many of them are remembered
_LOOK_S, _LOOKS = 600.0, 10_000
#: share of the limit that is left after the oldest pictures went
_LEFT = 0.8
_NAME = re.compile(r"([ps])(\d{1,6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePage:
    """One page of a result, or a scan as it came: where it is taken from, and its size in px."""

    #: position of its scan in the bundle
    position: int
    #: (width, height) px of the upright page. (0, 0) for a scan as it came
    size: tuple[int, int]
    to_scan: Warp


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What part of a picture is wanted, and how: the words of IIIF's URL."""

    region: str = "full"
    size: str = "max"
    rotation: str = "0"
    format: str = "jpg"


class Pictures:
    """Gives pictures of what was submitted. Safe to use from several threads."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context
        self._folder = context.settings.home / "pictures"
        self._lock = Lock()
        self._results: OrderedDict[str, list[PicturePage]] = OrderedDict()
        #: (session, intake, name) -> when it was noted
        self._looks: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def intake(self, intake_id: str) -> Intake:
        """What was submitted, by its whole id. Raises NotFound."""
        with self.context.ledger.read() as tx:
            return submissions.get_intake(tx, intake_id)

    def looked(self, caller: Caller, session: str, intake: Intake, name: str) -> None:
        """Notes that somebody looks at a picture, once for all parts that are asked for within `_LOOK_S` seconds."""
        now = self.context.clock()
        with self._lock:
            known = self._looks.get((session, intake.id, name), 0.0)
            if now - known < _LOOK_S:
                return
            self._looks[session, intake.id, name] = now
            self._looks.move_to_end((session, intake.id, name))
            while len(self._looks) > _LOOKS:
                self._looks.popitem(last=False)
        with self.context.ledger.begin() as tx:
            events.note(tx, "looked_at_page", intake.id, actor=caller.actor, picture=name)

    def size(self, intake: Intake, name: str) -> tuple[int, int]:
        """(width, height) px of a picture. `name`: `p3` is the upright page with index 3 of the result, `s0` the first scan.

        Raises NotFound, InputError, StoreDown.
        """
        page = self._page(intake, name)
        if name.startswith("p"):
            return page.size
        height, width = self._whole(intake, page).shape[:2]
        return width, height

    def picture(self, intake: Intake, name: str, wanted: Wanted) -> tuple[bytes, str]:
        """(bytes, media type) of a part of a picture. Raises NotFound for what is not there, InputError, StoreDown."""
        if wanted.format not in FORMATS:
            raise NotFound("there is no such format", sentence="no_such_picture")
        whole = self._whole(intake, self._page(intake, name))
        part = view.cut(whole, wanted.region)
        part = view.sized(part, wanted.size)
        part = view.turned(part, wanted.rotation)
        return view.encoded(part, wanted.format, _GIVEN_QUALITY), FORMATS[wanted.format]

    def pages(self, intake: Intake) -> Sequence[PicturePage]:
        """The upright pages of an intake's result, in order. Raises NotFound while there is none, StoreDown."""
        with self.context.ledger.read() as tx:
            made = submissions.artifacts(tx, intake.bundle)
        if "json" not in made:
            raise NotFound("there is no result yet", sentence="no_such_picture")
        key = made["json"][1]
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
        with self.context.store.open(key) as stored:
            found = [_picture_page(page) for page in json.load(stored)["pages"]]
        with self._lock:
            self._results[key] = found
            while len(self._results) > _REMEMBERED:
                self._results.popitem(last=False)
        return found

    def _page(self, intake: Intake, name: str) -> PicturePage:
        match = _NAME.fullmatch(name)
        if match is None:
            raise NotFound("a picture is called p3 or s0", sentence="no_such_picture")
        kind, number = match[1], int(match[2])
        if kind == "s":
            return PicturePage(position=number, size=(0, 0), to_scan=Warp.identity())
        pages = self.pages(intake)
        if number >= len(pages) or 0 in pages[number].size:
            raise NotFound("there is no such page", sentence="no_such_picture")
        return pages[number]

    def _scan(self, intake: Intake, position: int) -> tuple[KnownSource, int]:
        """(file, number of the scan in it) at a position of the bundle."""
        with self.context.ledger.read() as tx:
            sources = submissions.sources_of(tx, intake.bundle)
        for source in sources:
            if position < (source.pages or 0):
                return source, position
            position -= source.pages or 0
        raise NotFound("there is no such scan", sentence="no_such_picture")

    def _whole(self, intake: Intake, page: PicturePage) -> Pixels:
        """All of a picture, (H, W, 3) uint8 RGB, from the folder or made anew."""
        source, scan = self._scan(intake, page.position)
        way = json_sha256([page.size, page.to_scan.homography.tolist()])[:16]
        kept = self._folder / source.id[:2] / f"{source.id}-{scan}-{way}.jpg"
        if kept.is_file():
            found = view.decoded(kept.read_bytes())
            if found is not None:
                os.utime(kept)
                return found
        made = self._made(page, source, scan)
        self._keep(kept, view.encoded(made, "jpg", _KEPT_QUALITY))
        return made

    def _made(self, page: PicturePage, source: KnownSource, number: int) -> Pixels:
        with self.context.files.scratch() as folder:
            path = self.context.store.local(source.key)
            if path is None:
                path = folder / "scan"
                self.context.files.fetch(source.key, path)
            with ScanFile(path, source=source.id, options=self.context.settings.pages) as file:
                scan = file.read(number)
        return view.upright(scan, size=page.size, to_scan=page.to_scan) if page.size != (0, 0) else scan.pixels

    def _keep(self, target: Path, data: bytes) -> None:
        """Writes a kept picture. Without room for it nothing is kept."""
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(dir=target.parent, suffix=".part")
            with os.fdopen(handle, "wb") as sink:
                sink.write(data)
            Path(part).replace(target)
        except OSError:
            return
        with self._lock:
            self._make_room()

    def _make_room(self) -> None:
        limit = self.context.settings.station.pictures_bytes
        files = [(path, path.stat()) for path in self._folder.rglob("*.jpg")]
        total = sum(seen.st_size for _, seen in files)
        if total <= limit:
            return
        for path, seen in sorted(files, key=lambda file: file[1].st_mtime):
            if total <= _LEFT * limit:
                return
            path.unlink(missing_ok=True)
            total -= seen.st_size


def _picture_page(page: dict[str, Any]) -> PicturePage:
    way = page["to_scan"]
    grid = way.get("grid")
    warp = Warp(
        homography=np.array(way["matrix"], np.float64),
        grid=None if grid is None else np.array(grid["shift"], np.float64),
        size=None if grid is None else (int(grid["size"][0]), int(grid["size"][1])),
    )
    return PicturePage(position=page["scan"], size=(page["width"], page["height"]), to_scan=warp)
