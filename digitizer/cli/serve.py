"""`serve`: the HTTP server with the review station. `review`: the station on one PC, with nothing to set up."""

from __future__ import annotations

import getpass
import webbrowser
from pathlib import Path

import click

from digitizer import logs
from digitizer.cli import Spoken, settings, speak
from digitizer.service import Service


@click.command(cls=Spoken)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65_535), default=8080, show_default=True)
@click.option("--certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--private-key", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--jobs", "processes", type=click.IntRange(0, 64))
@click.pass_context
def serve(
    ctx: click.Context, host: str, port: int, certificate: Path | None, private_key: Path | None, processes: int | None
) -> None:
    """Takes documents over HTTP. With the queue `inline:` it also has them read."""
    from digitizer.api.background import BackgroundThreads
    from digitizer.api.server import serve as run
    from digitizer.station import create

    # workers get the same settings, so that a document is followed through one log
    chosen = settings(ctx, **({"jobs": processes} if processes else {})).changed(log="info")
    logs.to_stderr(chosen.log)
    with Service.open(chosen) as service, BackgroundThreads(service, enabled=processes != 0):
        run(create(service), host=host, port=port, certificate=certificate, private_key=private_key, ready=click.echo)


@click.command(cls=Spoken)
@click.option("--port", type=click.IntRange(0, 65_535), default=0)
@click.option("--jobs", "processes", type=click.IntRange(0, 64))
@click.option("--browser/--no-browser", default=True)
@click.pass_context
def review(ctx: click.Context, port: int, processes: int | None, browser: bool) -> None:
    """Opens the review station in the browser of this machine. Nobody else reaches it, and no account is needed."""
    from digitizer.api.background import BackgroundThreads
    from digitizer.api.server import serve as run
    from digitizer.station import create
    from digitizer.station.access import PREFIX

    chosen = settings(ctx, **({"jobs": processes} if processes else {}))
    with Service.open(chosen) as service, BackgroundThreads(service, enabled=processes != 0):
        account = service.accounts.of_this_machine(getpass.getuser())

        def ready(address: str) -> None:
            link = f"{address}{PREFIX}/link/{service.accounts.make_link(account.name, by=account.name)}"
            click.echo(link)
            if browser and not webbrowser.open(link):
                speak(ctx, "no_browser")
            speak(ctx, "review_open")

        run(create(service), host="127.0.0.1", port=port, ready=ready)
