"""`serve`: the HTTP server."""

from __future__ import annotations

from pathlib import Path

import click

from digitizer import logs
from digitizer.cli import Spoken, settings
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

    # workers get the same settings, so that a document is followed through one log
    chosen = settings(ctx, **({"jobs": processes} if processes else {})).changed(log="info")
    logs.to_stderr(chosen.log)
    with Service.open(chosen) as service, BackgroundThreads(service, enabled=processes != 0):
        run(service, host=host, port=port, certificate=certificate, private_key=private_key, ready=click.echo)
