"""Commands about the installation: models, document types, doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digitizer.cli import Spoken, SpokenGroup, answer, language, settings, speak
from digitizer.messages import say

if TYPE_CHECKING:
    from digitizer.service.checkup import Finding

#: exit code of `doctor` where something stands in the way
CANNOT_WORK = 15


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
@click.option("--fix", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def doctor(ctx: click.Context, fix: bool, as_json: bool) -> None:
    """Checks everything digitizer needs on this machine, and says the remedy. Exit 0 when it can work, 15 when it cannot."""
    from digitizer.service.checkup import examine

    lang, found = language(ctx), []
    for one in examine(settings(ctx)):
        fixed = fix and not one.right and one.fix is not None
        if fixed and one.fix is not None:
            one.fix()
        found.append({"code": one.code, "right": one.right or fixed, "fixed": fixed, "serious": one.serious, "facts": one.facts})
        if not as_json:
            click.echo(_told(one, fixed, lang))
    broken = [one for one in found if one["serious"] and not one["right"]]
    if as_json:
        answer(found, True, "")
    elif not broken:
        click.echo(say("doctor_ready", lang))
    ctx.exit(CANNOT_WORK if broken else 0)


def _told(one: Finding, fixed: bool, lang: str) -> str:
    """One line: what was looked at, how it stands, and what to do."""
    if one.right:
        return f"  ✓ {say(f'checkup_{one.code}', lang, **one.facts)}"
    facts = {**one.facts, "reason": say(str(one.facts["reason"]), lang, **one.facts) if "reason" in one.facts else ""}
    said = say(f"checkup_{one.code}_wrong", lang, **facts)
    return f"  {'✓' if fixed else '✗' if one.serious else '!'} {said}{' ' + say('checkup_fixed', lang) if fixed else ''}"
