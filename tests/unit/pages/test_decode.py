"""The child process that decodes: stopped when it costs too much, replaced when it died, never left behind."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from digitizer.errors import DamagedFile, InputError, TooLarge
from digitizer.pages import ScanFile
from digitizer.settings import PageOptions
from tests.processes import decoders
from tests.scans import load

Opened = Callable[..., ScanFile]


@pytest.fixture
def shades(tmp_path: Path) -> Path:
    """A TIFF of three pages, grey 0, 10 and 20."""
    path = tmp_path / "a.tif"
    images = [Image.new("L", (300, 300), 10 * n) for n in range(3)]
    images[0].save(path, save_all=True, append_images=images[1:])
    return path


@pytest.mark.slow
def test_a_decoder_that_takes_too_much_memory_is_stopped(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (11_500, 11_500)).save(path)
    with opened(path, child_memory_bytes=150_000_000) as file, pytest.raises(TooLarge) as refused:
        file.read(0)
    assert refused.value.facts == {"limit": "memory", "page": 1}
    assert decoders() == []


def test_a_decoder_that_takes_too_long_is_stopped(shades: Path, opened: Opened) -> None:
    with pytest.raises(TooLarge) as refused:
        opened(shades, child_wall_s=0.001)
    assert refused.value.facts["limit"] == "child_wall_s"
    assert decoders() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cause", "error", "facts"),
    [
        (signal.SIGKILL, TooLarge, {"limit": "memory", "page": 2}),
        (signal.SIGXCPU, TooLarge, {"limit": "child_cpu_s", "page": 2}),
        (signal.SIGSEGV, DamagedFile, {"status": -signal.SIGSEGV, "page": 2}),
    ],
    ids=["killed for memory", "out of CPU time", "crashed"],
)
def test_a_decoder_that_died_is_named_by_cause_and_started_again(
    shades: Path, opened: Opened, cause: signal.Signals, error: type[InputError], facts: dict[str, int | str]
) -> None:
    with opened(shades) as file:
        (child,) = decoders()
        assert file.read(0).pixels.shape == (300, 300, 3)
        child.send_signal(cause)
        with pytest.raises(error) as refused:
            file.read(1)
        assert refused.value.facts == facts
        assert file.read(2).pixels[0, 0, 0] == 20
        assert len(decoders()) == 1
    assert decoders() == [], "nothing is left running"


@pytest.mark.slow
def test_a_decoder_that_stalls_on_a_page_is_stopped_and_started_again(shades: Path, opened: Opened) -> None:
    # a shorter limit would not let a decoder start on a busy machine
    with opened(shades, child_wall_s=5) as file:
        (child,) = decoders()
        child.suspend()
        with pytest.raises(TooLarge) as refused:
            file.read(1)
        assert refused.value.facts == {"limit": "child_wall_s", "page": 2}
        assert file.read(1).pixels[0, 0, 0] == 10
    assert decoders() == []


def test_one_decoder_serves_all_pages(shades: Path, opened: Opened) -> None:
    with opened(shades) as file:
        before = decoders()
        for index in range(3):
            file.read(index)
        assert decoders() == before


def test_no_decoder_is_left_when_a_reader_stops_early(shades: Path) -> None:
    scans = load(shades, source="", options=PageOptions())
    assert next(scans).index == 0
    assert len(decoders()) == 1
    scans.close()  # type: ignore[attr-defined]
    assert decoders() == []


def test_closing_twice_is_harmless(shades: Path, opened: Opened) -> None:
    file = opened(shades)
    file.close()
    file.close()
    assert decoders() == []


def test_secrets_of_the_service_are_not_handed_to_the_decoder(
    shades: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGITIZER_SECRET", "mat-khau")
    with opened(shades):
        (child,) = decoders()
        assert "DIGITIZER_SECRET" not in child.environ()
