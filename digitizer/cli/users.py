"""`users`: accounts of the people who work at the review station."""

from __future__ import annotations

import getpass

import click

from digitizer.cli import SpokenGroup, answer, language, settings, speak
from digitizer.dossiers import EVERYWHERE
from digitizer.ledger.accounts import Account, Grant, Role
from digitizer.messages import say
from digitizer.service import Service
from digitizer.words import word

_ROLES = click.Choice([role.value for role in Role])


@click.group(cls=SpokenGroup)
def users() -> None:
    """People who may use the review station."""


@users.command("add")
@click.argument("name")
@click.option("--full-name", default="")
@click.option("--agency", "agencies", multiple=True, default=(EVERYWHERE,))
@click.option("--role", "roles", multiple=True, type=_ROLES, required=True)
@click.option("--external")
@click.option("--by", default=getpass.getuser)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def add_user(
    ctx: click.Context, name: str, full_name: str, agencies: tuple[str, ...], roles: tuple[str, ...], external: str | None,
    by: str, as_json: bool,
) -> None:  # fmt: skip
    """Makes an account and shows its first password, this once."""
    with Service.open(settings(ctx)) as service:
        account, password = service.accounts.add(
            name, full_name=full_name, grants=_grants(roles, agencies), by=by, external=external
        )
    answer({**_row(account), "password": password}, as_json, password)
    speak(ctx, "user_added", account=name)


@users.command("roles")
@click.argument("name")
@click.option("--give", multiple=True, type=_ROLES)
@click.option("--take", multiple=True, type=_ROLES)
@click.option("--agency", "agencies", multiple=True, default=(EVERYWHERE,))
@click.option("--by", default=getpass.getuser)
@click.pass_context
def change_roles(
    ctx: click.Context, name: str, give: tuple[str, ...], take: tuple[str, ...], agencies: tuple[str, ...], by: str
) -> None:
    """Gives and takes roles for agencies."""
    with Service.open(settings(ctx)) as service:
        account = service.accounts.change_roles(name, give=_grants(give, agencies), take=_grants(take, agencies), by=by)
    click.echo(_line(account, language(ctx)))


@users.command("password")
@click.argument("name")
@click.option("--by", default=getpass.getuser)
@click.pass_context
def new_password(ctx: click.Context, name: str, by: str) -> None:
    """Gives a new password for the next login, to be changed there."""
    with Service.open(settings(ctx)) as service:
        click.echo(service.accounts.new_password(name, by=by))
    speak(ctx, "user_password", account=name)


@users.command("disable")
@click.argument("name")
@click.option("--by", default=getpass.getuser)
@click.pass_context
def disable_user(ctx: click.Context, name: str, by: str) -> None:
    """Closes an account at once."""
    with Service.open(settings(ctx)) as service:
        service.accounts.disable(name, by=by)
    speak(ctx, "user_disabled", account=name)


@users.command("enable")
@click.argument("name")
@click.option("--by", default=getpass.getuser)
@click.pass_context
def enable_user(ctx: click.Context, name: str, by: str) -> None:
    """Opens a closed account again."""
    with Service.open(settings(ctx)) as service:
        service.accounts.enable(name, by=by)
    speak(ctx, "user_enabled", account=name)


@users.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_users(ctx: click.Context, as_json: bool) -> None:
    """Lists accounts with their roles."""
    with Service.open(settings(ctx)) as service:
        found = service.accounts.find()
    answer([_row(account) for account in found], as_json, "\n".join(_line(account, language(ctx)) for account in found))


def _grants(roles: tuple[str, ...], agencies: tuple[str, ...]) -> list[Grant]:
    return [Grant(role=Role(role), agency=agency) for role in roles for agency in agencies]


def _line(account: Account, lang: str) -> str:
    roles = ", ".join(f"{word('role', grant.role.value, lang)} {grant.agency}" for grant in account.grants) or "—"
    state = word("account", "closed" if account.disabled_at else "open", lang)
    return say("user_line", lang, account=account.name, full_name=account.full_name, state=state, roles=roles)


def _row(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "full_name": account.full_name,
        "roles": [{"role": grant.role.value, "agency": grant.agency} for grant in account.grants],
        "external": account.external,
        "disabled_at": account.disabled_at,
    }
