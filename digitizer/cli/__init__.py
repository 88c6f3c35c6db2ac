"""The command line. Results on stdout, talk on stderr. Vietnamese by default, English with `--lang en`.

Commands are imported when called, so that `digitizer --help` stays fast. Every error of ours ends here, in `main`, as one
sentence and its exit code.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitizer.errors import DigitizerError, UsageError
from digitizer.messages import catalogue, field_label, say

if TYPE_CHECKING:
    from digitizer.settings import Settings

#: exit code: everything was done, and a person has to look at something
SOME_WAIT = 20
#: exit code: some files failed
SOME_FAILED = 21
#: exit code: interrupted by Ctrl-C or a signal
INTERRUPTED = 130

#: command -> module of this package that holds a function of the same name
COMMANDS = {
    "ingest": "ingest",
    "watch": "watch",
    "worker": "worker",
    "status": "status",
    "approve": "review",
    "correct": "review",
    "reject": "review",
    "settle": "review",
    "records": "review",
    "book": "book",
    "retry": "recovery",
    "reprocess": "recovery",
    "sweep": "recovery",
    "attach": "deliveries",
    "deliveries": "deliveries",
    "export": "export",
    "package": "hand_carry",
    "sign": "signing",
    "verify": "signing",
    "report": "report",
    "reconcile": "report",
    "procedures": "report",
    "audit": "audit",
    "keys": "signing_keys",
    "serve": "serve",
    "review": "serve",
    "users": "users",
    "clients": "api_keys",
    "models": "setup",
    "doctypes": "setup",
    "doctor": "setup",
}


class Spoken(click.Command):
    """A command whose help comes from the catalogue: `help_<command>` and `option_<name>`."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102
        known = catalogue(language(ctx))
        self.help = known.get(f"help_{ctx.command_path.split(' ', 1)[-1].replace(' ', '_')}")
        super().format_help(ctx, formatter)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:  # noqa: D102
        known, params = catalogue(language(ctx)), super().get_params(ctx)
        for param in params:
            if isinstance(param, click.Option):
                param.help = known.get(f"option_{param.name}", param.help)
        return params


class SpokenGroup(Spoken, click.Group):
    """A group of spoken commands."""

    command_class = Spoken

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102
        known, path = catalogue(language(ctx)), ctx.command_path.split(" ", 1)
        prefix = "" if len(path) == 1 else path[1].replace(" ", "_") + "_"
        with formatter.section(say("heading_commands", language(ctx))):
            formatter.write_dl([(name, known[f"help_{prefix}{name}"].partition(". ")[0]) for name in self.list_commands(ctx)])


class Digitizer(SpokenGroup):
    """The top group. Finds its commands by COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: D102
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: D102
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{COMMANDS[cmd_name]}"), cmd_name)
        return command


def language(ctx: click.Context) -> str:
    """`vi` or `en`, as asked for on the command line or in DIGITIZER_LANG."""
    lang: str | None = ctx.find_root().params.get("lang")
    return lang or "vi"


def speak(ctx: click.Context, code: str, /, **facts: object) -> None:
    """Tells the operator something, on stderr."""
    click.echo(say(code, language(ctx), **facts), err=True)


def answer(result: Any, as_json: bool, plain: str) -> None:
    """The result of a command, on stdout: JSON where a machine reads, `plain` for a person."""
    click.echo(json.dumps(result, ensure_ascii=False, indent=1, default=str) if as_json else plain)


@click.command(
    cls=Digitizer, name="digitizer", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.option("--home", type=click.Path(path_type=Path), envvar="DIGITIZER_HOME")
@click.option("--lang", type=click.Choice(["vi", "en"]), envvar="DIGITIZER_LANG", is_eager=True)
@click.option("--store")
@click.option("--ledger")
@click.option("--queue")
@click.option("--connector")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE")
@click.option("--verbose", "-v", is_flag=True)
@click.version_option(package_name="digitizer")
@click.pass_context
def cli(ctx: click.Context, /, verbose: bool, assignments: tuple[str, ...], **given: Any) -> None:
    """Holds what all commands share. Settings are loaded by the command that needs them."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    ctx.obj = {"assignments": assignments, **given}


def settings(ctx: click.Context, **given: Any) -> Settings:
    """The settings of this run: command line over environment over `config.toml`. Raises ConfigError."""
    # imported here: `digitizer --help` needs no settings
    from digitizer.settings import Settings, assigned

    root = ctx.find_root()
    named = {**root.obj, **given, "lang": root.params.get("lang")}
    named = {name: value for name, value in named.items() if value is not None}
    loaded = Settings.load(**{**assigned(named.pop("assignments")), **named})
    root.params["lang"] = loaded.lang
    return loaded


def refusal(error: DigitizerError, lang: str) -> str:
    """An error as the operator reads it. A sentence for all errors of a code is followed by what the code says of this one."""
    facts = {**error.facts, "field": field_label(str(error.facts.get("field", "")), lang)}
    said = say(error.sentence, lang, **facts)
    return f"{said}\n  {error}" if error.sentence == error.code else said


def misuse(error: click.ClickException, lang: str) -> str:
    """What is wrong with how a command was written."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    facts = {"command": ctx.command_path if ctx else "digitizer", "detail": error.format_message()}
    match error:
        case click.MissingParameter(param=click.Option(opts=opts)):
            return say("option_missing", lang, name=opts[0], **facts)
        case click.MissingParameter(param=click.Parameter() as param):
            return say("argument_missing", lang, name=param.make_metavar(ctx or click.Context(cli)), **facts)
        case click.NoSuchOption():
            return say("no_such_option", lang, name=error.option_name, **facts)
        case click.BadParameter(param=click.Option(opts=opts, type=click.Choice(choices=choices))):
            return say("not_a_choice", lang, name=opts[0], choices=", ".join(map(str, choices)), **facts)
        case click.BadParameter(param=click.Option(opts=opts)):
            return say("option_wrong", lang, name=opts[0], **{**facts, "detail": error.message})
    return say("misuse", lang, **facts)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits with the code of `errors.py` or the command's own."""
    # imported here: `digitizer --help` starts faster without ctypes
    from digitizer import sandbox

    os.umask(0o077)
    sandbox.hide()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Runs one command. Returns its exit code."""
    ctx: click.Context | None = None
    try:
        with cli.make_context("digitizer", list(arguments)) as ctx:
            cli.invoke(ctx)
        return 0
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except click.ClickException as exc:
        click.echo(misuse(exc, language(ctx) if ctx else "vi"), err=True)
        return UsageError.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except DigitizerError as exc:
        click.echo(refusal(exc, language(ctx) if ctx else "vi"), err=True)
        return exc.exit_code
