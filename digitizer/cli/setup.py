"""Commands about the installation: models, document types, doctor."""

from __future__ import annotations

import click

from digitizer.cli import Spoken, SpokenGroup, answer, language, settings, speak
from digitizer.messages import say


@click.group(cls=SpokenGroup)
def models() -> None:
    """The weights we read with."""


@models.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Checks the hash and the letters of every model. Exit 22 when one is wrong."""
    from digitizer.ocr import verify_models

    found = verify_models(settings(ctx).engine)
    answer(dict(found), as_json, "\n".join(f"{name}  {digest}" for name, digest in found.items()))
    speak(ctx, "models_verified", count=len(found))


@click.group(cls=SpokenGroup)
def doctypes() -> None:
    """The document types."""


@doctypes.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Checks every declaration. Exit 9 with file and line when one is wrong."""
    from digitizer.doctypes import load

    found = load(settings(ctx).doctypes)
    answer(
        sorted(found),
        as_json,
        "\n".join(f"{name}  {doctype.title[0] if doctype.title else ''}" for name, doctype in sorted(found.items())),
    )
    speak(ctx, "doctypes_checked", count=len(found))


@click.command(cls=Spoken)
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Checks everything digitizer needs on this machine. Exit 0 when it can work."""
    import platform
    import shutil

    from digitizer.doctypes import load
    from digitizer.ocr import verify_models
    from digitizer.service import Service

    chosen = settings(ctx)
    lang = language(ctx)
    click.echo(f"Python {platform.python_version()}, {platform.platform()}")
    click.echo(
        say("doctor_home", lang, folder=chosen.home, free_gb=f"{shutil.disk_usage(_existing(chosen.home)).free / 1e9:.0f}")
    )
    for sentence in _sandbox(lang):
        click.echo(sentence)
    click.echo(say("models_verified", lang, count=len(verify_models(chosen.engine))))
    click.echo(say("doctypes_checked", lang, count=len(load(chosen.doctypes))))
    with Service.open(chosen) as service:
        service.status.now()
    click.echo(say("doctor_ready", lang))


def _sandbox(lang: str) -> list[str]:
    """Which walls stand around the decoders of scans here, and which are missing."""
    from digitizer import sandbox

    found = sandbox.found()
    missing = [name for name in sandbox.LAYERS if name not in found]
    said = [say("doctor_sandbox", lang, layers=", ".join(found))] if found else []
    return [*said, say("doctor_sandbox_missing", lang, layers=", ".join(missing))] if missing else said


def _existing(path: click.Path | object) -> str:
    from pathlib import Path

    folder = Path(str(path))
    while not folder.exists():
        folder = folder.parent
    return str(folder)
