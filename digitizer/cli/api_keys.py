"""`clients`: the API keys and callback addresses of the systems that use the HTTP server."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

import click

from digitizer.cli import SpokenGroup, answer, language, settings, speak
from digitizer.errors import UsageError
from digitizer.ledger.api_keys import ApiKey, Verb
from digitizer.messages import local_time, say
from digitizer.service import Service
from digitizer.words import word


@click.group(cls=SpokenGroup)
def clients() -> None:
    """Systems that may use the HTTP server."""


@clients.command("add")
@click.argument("client")
@click.option("--agency", "agencies", multiple=True, required=True)
@click.option(
    "--may",
    "verbs",
    multiple=True,
    type=click.Choice([v.value for v in Verb]),
    default=("submit", "read", "cancel"),
)
@click.option("--days", type=click.IntRange(1, 3650))
@click.option("--requests-per-minute", type=click.IntRange(1))
@click.option("--pages-per-day", type=click.IntRange(1))
@click.option("--body-bytes", type=click.IntRange(1))
@click.option("--by", default=getpass.getuser)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def add_client(
    ctx: click.Context,
    /,
    client: str,
    agencies: tuple[str, ...],
    verbs: tuple[str, ...],
    days: int | None,
    by: str,
    as_json: bool,
    **limits: int | None,
) -> None:
    """Makes a key for a system and shows it, this once."""
    with Service.open(settings(ctx)) as service:
        given = {name: value for name, value in limits.items() if value is not None}
        key, token = service.api_keys.add(
            client, agencies=agencies, verbs=[Verb(v) for v in verbs], days=days, limits=given, by=by
        )
    _show(ctx, key, token, as_json)


@clients.command("rotate")
@click.argument("client")
@click.option("--by", default=getpass.getuser)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def rotate_client(ctx: click.Context, client: str, by: str, as_json: bool) -> None:
    """Makes a new key in place of the old one, which works for some days more."""
    with Service.open(settings(ctx)) as service:
        key, token = service.api_keys.rotate(client, by=by)
    _show(ctx, key, token, as_json)


@clients.command("revoke")
@click.argument("key")
@click.option("--by", default=getpass.getuser)
@click.pass_context
def revoke_client(ctx: click.Context, key: str, by: str) -> None:
    """Ends a key at once."""
    with Service.open(settings(ctx)) as service:
        key = service.api_keys.find_id(key)
        service.api_keys.revoke(key, by=by)
    speak(ctx, "key_revoked", key=key)


@clients.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_clients(ctx: click.Context, as_json: bool) -> None:
    """Lists all keys, without their secrets."""
    with Service.open(settings(ctx)) as service:
        keys = service.api_keys.find()
    lines = [say("key_line", language(ctx), **_spoken(key, language(ctx))) for key in keys]
    answer([_row(key) for key in keys], as_json, "\n".join(lines))


@clients.command("callback")
@click.argument("client")
@click.option("--url")
@click.option("--rotate", is_flag=True)
@click.option("--remove", is_flag=True)
@click.option("--by", default=getpass.getuser)
@click.pass_context
def set_callback(ctx: click.Context, client: str, url: str | None, rotate: bool, remove: bool, by: str) -> None:
    """Sets the address where a system is told what became of its documents. Shows a new secret, this once."""
    if not (url or rotate or remove) or (remove and (url or rotate)):
        raise UsageError("give --url, --rotate or --remove", sentence="callback_options")
    with Service.open(settings(ctx)) as service:
        if remove:
            service.webhooks.remove(client, by=by)
            return
        secret = service.webhooks.set_address(client, url, rotate=rotate, by=by)
    if secret is not None:
        speak(ctx, "secret_shown_once", client=client)
        answer(secret, False, secret)


def _show(ctx: click.Context, key: ApiKey, token: str, as_json: bool) -> None:
    speak(ctx, "key_shown_once", client=key.client, key=key.id)
    answer({**_row(key), "token": token}, as_json, token)


def _spoken(key: ApiKey, lang: str) -> dict[str, object]:
    row = _row(key)
    return {
        **row,
        "agencies": ",".join(key.agencies),
        "state": word("key_state", str(row["state"]), lang),
        "expires_at": local_time(str(row["expires_at"])),
    }


def _row(key: ApiKey) -> dict[str, object]:
    state = "revoked" if key.revoked_at else "active" if key.active else "expired"
    return {
        "key": key.id,
        "client": key.client,
        "agencies": list(key.agencies),
        "may": [verb.value for verb in key.verbs],
        "limits": dict(key.limits),
        "state": state,
        "expires_at": datetime.fromtimestamp(key.expires_at, UTC).isoformat(timespec="seconds"),
    }
