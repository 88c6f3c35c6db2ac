"""Pictures of pages by IIIF: the right px of the right page, for whom it concerns, kept within a limit."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from digitizer.ledger import events
from digitizer.ledger.accounts import Role
from digitizer.model import Intake
from digitizer.service import Service
from tests.station.conftest import AGENCY, FOREIGN, Browser
from tests.station.page_files import HIGH, QUARTERS, WIDE, file_with_a_page

KEYER = (Role.KEYER, AGENCY)


@pytest.fixture
def intake(service: Service) -> Intake:
    return file_with_a_page(service, AGENCY)


def shown(answer: Any, kind: str = "JPEG") -> Image.Image:
    assert answer.status_code == 200, answer.text
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.format == kind
    return picture.convert("RGB")


def near(picture: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = picture.getpixel(at)
    assert isinstance(found, tuple)
    return max(abs(a - b) for a, b in zip(found, colour, strict=True)) < 40


def test_a_page_is_shown_upright_and_a_scan_as_it_came(browse: Callable[..., Browser], intake: Intake) -> None:
    browser = browse("hoa", KEYER)
    whole = shown(browser.get(f"/station/iiif/{intake.id}.p0/full/max/0/default.jpg"))
    assert whole.size == (HIGH, WIDE)
    corners = [(20, 20), (HIGH - 20, 20), (20, WIDE - 20), (HIGH - 20, WIDE - 20)]
    # a quarter turn: what was lower left is upper left
    assert all(near(whole, at, QUARTERS[n]) for at, n in zip(corners, (2, 0, 3, 1), strict=True))
    as_it_came = shown(browser.get(f"/station/iiif/{intake.id}.s0/full/max/0/default.webp"), "WEBP")
    assert as_it_came.size == (WIDE, HIGH)
    assert near(as_it_came, (20, 20), QUARTERS[0])


@pytest.mark.parametrize(
    ("region", "size", "rotation", "is_wide", "colour"),
    [
        ("0,0,100,80", "max", "0", (100, 80), 2),
        ("200,0,100,80", "50,", "0", (50, 40), 0),
        ("pct:0,75,25,25", ",50", "0", (38, 50), 3),
        ("250,300,500,500", "max", "0", (50, 100), 1),
        ("0,0,100,80", "!50,50", "90", (40, 50), 2),
        ("0,0,100,80", "20,30", "180", (20, 30), 2),
        ("square", "pct:10", "0", (30, 30), 2),
    ],
)
def test_a_part_is_cut_scaled_and_turned(
    browse: Callable[..., Browser], intake: Intake, region: str, size: str, rotation: str, is_wide: tuple[int, int], colour: int
) -> None:
    answer = browse("hoa", KEYER).get(f"/station/iiif/{intake.id}.p0/{region}/{size}/{rotation}/default.jpg")
    picture = shown(answer)
    assert picture.size == is_wide
    assert near(picture, (5, 5), QUARTERS[colour])
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "rest",
    [
        ".p0/400,0,10,10/max/0/default.jpg",
        ".p0/0,0,0,10/max/0/default.jpg",
        ".p0/full/9999,/0/default.jpg",
        ".p0/full/^600,/0/default.jpg",
        ".p0/full/0,0/0/default.jpg",
        ".p0/full/pct:x/0/default.jpg",
        ".p0/full/max/45/default.jpg",
        ".p0/full/max/0/default.tif",
        ".p1/full/max/0/default.jpg",
        ".p9/full/max/0/default.jpg",
        ".s1/full/max/0/default.jpg",
        ".x0/full/max/0/default.jpg",
        ".p0/-5,0,10,10/max/0/default.jpg",
        ".p0/full/!0,5/0/default.jpg",
    ],
)
def test_what_is_not_there_is_404_with_a_sentence(browse: Callable[..., Browser], intake: Intake, rest: str) -> None:
    browser = browse("hoa", KEYER)
    answer = browser.get(f"/station/iiif/{intake.id}{rest}", headers={"accept": "application/json", "accept-language": "vi"})
    assert answer.status_code == 404
    assert answer.json()["detail"]


def test_what_belongs_to_another_agency_is_not_there(browse: Callable[..., Browser], intake: Intake) -> None:
    stranger = browse("xa", (Role.KEYER, FOREIGN))
    for rest in (".p0/full/max/0/default.jpg", ".p0/info.json", "/manifest.json"):
        assert stranger.get(f"/station/iiif/{intake.id}{rest}").status_code == 404


def test_the_description_and_the_manifest_say_what_there_is(browse: Callable[..., Browser], intake: Intake) -> None:
    browser = browse("hoa", KEYER)
    info = browser.get(f"/station/iiif/{intake.id}.p0").json()
    assert (info["type"], info["profile"], info["width"], info["height"]) == ("ImageService3", "level1", HIGH, WIDE)
    manifest = browser.get(f"/station/iiif/{intake.id}/manifest.json").json()
    (canvas,) = (manifest["items"],)
    image = canvas[0]["items"][0]["items"][0]["body"]
    assert browser.get(image["id"].replace("http://localhost", "")).status_code == 200
    assert f"{image['service'][0]['id']}/full/max/0/default.jpg" == image["id"]
    assert info["id"] == image["service"][0]["id"]


def test_looking_is_one_event_a_page_and_session(browse: Callable[..., Browser], service: Service, intake: Intake) -> None:
    browser = browse("hoa", KEYER)
    for size in ("max", "10,", "20,"):
        browser.get(f"/station/iiif/{intake.id}.p0/full/{size}/0/default.jpg")
    with service.context.ledger.read() as tx:
        looked = [event for event in events.history(tx, intake.id) if event["action"] == "looked_at_page"]
    assert [(event["actor"], event["detail"]) for event in looked] == [("hoa", {"picture": "p0"})]


def test_pages_are_kept_until_the_folder_is_full(
    browse: Callable[..., Browser], service: Service, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, folder = browse("hoa", KEYER), service.settings.home / "pictures"
    address = f"/station/iiif/{intake.id}.p0/full/max/0/default.jpg"
    first = browser.get(address).content
    (kept,) = folder.rglob("*.jpg")
    assert kept.parent.stat().st_mode & 0o077 == 0
    assert kept.stat().st_mode & 0o077 == 0
    with monkeypatch.context() as patch:
        patch.setattr("digitizer.service.pictures.ScanFile", None)
        assert browser.get(address).content, "from the folder"
    kept.write_bytes(b"broken")
    assert browser.get(address).content == first, "a broken copy is made again"
    options = service.settings.station.model_copy(update={"pictures_bytes": 1})
    monkeypatch.setattr(service.context, "settings", service.settings.model_copy(update={"station": options}))
    assert browser.get(f"/station/iiif/{intake.id}.s0/full/max/0/default.jpg").status_code == 200
    assert list(folder.rglob("*.jpg")) == []


def test_a_large_page_of_paper_and_its_crops_are_quick_enough_to_be_cut_from_one_kept_copy(
    browse: Callable[..., Browser], intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digitizer.service import pictures

    browser, opened = browse("hoa", KEYER), []
    whole = pictures.ScanFile
    monkeypatch.setattr(pictures, "ScanFile", lambda *args, **named: opened.append(args) or whole(*args, **named))
    for x in range(0, 200, 20):
        assert browser.get(f"/station/iiif/{intake.id}.p0/{x},0,20,20/max/0/default.jpg").status_code == 200
    assert len(opened) == 1, "the file was decoded once"


def test_files_on_disk_hold_nothing_when_the_disk_is_full(
    browse: Callable[..., Browser], service: Service, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("digitizer.service.pictures.tempfile.mkstemp", full)
    assert browse("hoa", KEYER).get(f"/station/iiif/{intake.id}.p0/full/max/0/default.jpg").status_code == 200
    assert not list(Path(service.settings.home / "pictures").rglob("*.jpg"))
