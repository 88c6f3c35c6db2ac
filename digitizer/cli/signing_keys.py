"""Commands about keys: the one that seals, and those that are trusted."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from digitizer.cli import SpokenGroup, answer, settings, speak
from digitizer.service import Service
from digitizer.signed_folders import KeyRing


@click.group(cls=SpokenGroup)
def keys() -> None:
    """The key that seals packages, and the keys we trust."""


@keys.command()
@click.option("--by", default=getpass.getuser)
@click.pass_context
def init(ctx: click.Context, by: str) -> None:
    """Makes this machine's signing key."""
    with Service.open(settings(ctx)) as service:
        made = service.signing_keys.init(by=by)
    speak(ctx, "key_made", fingerprint=made.fingerprint, file=service.settings.home / "keys" / "own.pem")


@keys.command()
@click.option("--pem", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def show(ctx: click.Context, pem: bool, as_json: bool) -> None:
    """Shows the keys. With --pem our public key."""
    held = KeyRing(settings(ctx).home)
    if pem:
        click.echo(held.own().pem, nl=False)
        return
    known = [{"name": key.name, "fingerprint": key.fingerprint} for key in held.trusted()]
    answer(known, as_json, "\n".join(f"{key['fingerprint']}  {key['name']}" for key in known))


@keys.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", "key_name", required=True)
@click.option("--by", default=getpass.getuser)
@click.pass_context
def trust(ctx: click.Context, file: Path, key_name: str, by: str) -> None:
    """Trusts a public key."""
    with Service.open(settings(ctx)) as service:
        key = service.signing_keys.trust(file, key_name, by=by)
    speak(ctx, "key_trusted", name=key_name, fingerprint=key.fingerprint)
