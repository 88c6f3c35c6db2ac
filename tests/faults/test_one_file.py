"""An unexpected error in any step of one file ends that file, and no other. Nothing of it is lost."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pikepdf
import pytest

from digitizer.cli import ingest
from digitizer.digests import file_sha256
from digitizer.ledger import submissions
from digitizer.model import IntakeState
from digitizer.service import Service, Submission, job_steps, scan_sources
from digitizer.service.output_folder import OutputFolder
from digitizer.service.scan_sources import bundles, open_source
from digitizer.service.submissions import Submissions
from digitizer.settings import Settings
from digitizer.storage.file import FileStore
from workers.loop import Lifetime, WorkerLoop

BAD = "hong.pdf"
#: where each step is looked up, before the intake is noted, in a worker, and when results are told
TAKING = [
    (ingest, "submission_of"),
    (scan_sources.Folder, "local"),
    (FileStore, "put_file"),
    (submissions, "add_intake"),
]
WORKING = [
    (job_steps, "_look"),
    (job_steps, "read_pages"),
    (job_steps, "finish"),
    (job_steps, "render_files"),
    (job_steps, "note_result"),
]
TELLING = [(Submissions, "outcome"), (OutputFolder, "write")]


def breaks(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, bad: Path) -> Callable[[], int]:
    """Makes a step raise whatever says the bad file's name or hash. Gives how often it has."""
    whole, told, raised = getattr(owner, name), (bad.name, file_sha256(bad)), []

    @functools.wraps(whole)
    def broken(*args: Any, **kwargs: Any) -> Any:
        said = repr((args, kwargs)) + "".join(repr(vars(one)) for one in args if hasattr(one, "__dict__"))
        if any(word in said for word in told):
            raised.append(name)
            raise RuntimeError(f"{name} is broken")
        return whole(*args, **kwargs)

    monkeypatch.setattr(owner, name, broken)
    return lambda: len(raised)


def run(
    settings: Settings, folder: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """What `ingest` does, with a worker in this process: (exit code, file below `folder` -> its row, what was left out)."""
    with Service.open(settings) as service, click.Context(click.Command("ingest"), obj={"lang": "vi"}) as ctx:
        found, left = bundles(open_source(str(folder), settings).files(), book=False, name="x")
        source = open_source(str(folder), settings)
        received = ingest.receive(service, [(source, one) for one in found], Submission(actor="test"), force=False)
        WorkerLoop(service, "w", Lifetime()).work_for(60)
        code = ingest.report(ctx, service, received, OutputFolder(output), left=left, as_json=True)
        assert service.status.now().working == [], "no job is left with this worker"
    report = json.loads(capsys.readouterr().out)
    return code, {row["file"].removeprefix(f"{folder}/"): row for row in report["files"]}, report["left_out"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    for number, name in enumerate(("a.pdf", BAD, "z.pdf")):
        with pikepdf.Pdf.new() as pdf:
            pdf.add_blank_page(page_size=(400 + number, 500))
            pdf.save(made / name)
    return made


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    recording = tmp_path / "nothing.json"
    recording.write_text("{}")
    engine = {"name": "replay", "recording": str(recording)}
    return Settings.load({}, home=tmp_path / "home", attempts=2, engine=engine)


@pytest.mark.parametrize(("owner", "name"), TAKING + WORKING + TELLING)
def test_an_error_ends_one_file_and_the_next_run_makes_it_good(
    owner: Any, name: str, folder: Path, chosen: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        raised = breaks(patch, owner, name, folder / BAD)
        code, rows, _ = run(chosen, folder, tmp_path / "out", capsys)
        assert raised() >= 1
    assert code == 21
    assert {name: row["state"] for name, row in rows.items()} == {"a.pdf": "DIGITIZED", BAD: "FAILED", "z.pdf": "DIGITIZED"}
    assert rows[BAD]["message"], "the report says why"
    assert sorted(path.name for path in (tmp_path / "out").glob("*.json")) == ["a.json", "z.json"]
    with Service.open(chosen) as service:
        service.recovery.retry_failed(by="can.bo")
    code, rows, _ = run(chosen, folder, tmp_path / "out", capsys)
    assert {row["state"] for row in rows.values()} == {IntakeState.DIGITIZED}
    assert sorted(path.name for path in (tmp_path / "out").glob("*.json")) == ["a.json", "hong.json", "z.json"]
