"""`package`: results carried by hand to a machine that cannot be reached."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path

import click

from digitizer.cli import SpokenGroup, answer, settings, speak
from digitizer.service import Service
from digitizer.words import short_id


@click.group(cls=SpokenGroup)
def package() -> None:
    """Packages carried by hand."""


@package.command("export")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", "receiver", required=True)
@click.option("--agency")
@click.option("--hand-over", is_flag=True)
@click.option("--all", "again", is_flag=True)
@click.option("--by", default=getpass.getuser)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def export_package(
    ctx: click.Context, target: Path, receiver: str, agency: str | None, hand_over: bool, again: bool, by: str, as_json: bool
) -> None:
    """Writes what has happened since the last package for the same receiver."""
    with Service.open(settings(ctx)) as service:
        done = service.hand_carry.export(target, to=receiver, by=by, agency=agency, hand_over=hand_over, everything=again)
    answer(asdict(done), as_json, str(target))
    speak(ctx, "package_written", bundles=done.bundles, files=done.files, events=done.events)


@package.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--by", default=getpass.getuser)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def import_package(ctx: click.Context, paths: tuple[Path, ...], by: str, as_json: bool) -> None:
    """Takes packages in, each once, in the order they are named."""
    done = []
    with Service.open(settings(ctx)) as service:
        for path in paths:
            done.append(service.hand_carry.take_in(path, by=by))
    answer([asdict(d) for d in done], as_json, "\n".join(short_id(record) for d in done for record in d.differs))
    for one in done:
        code = "package_known" if one.known else "package_taken"
        speak(ctx, code, bundles=one.bundles, files=one.files, events=one.events, differs=len(one.differs))
