"""`python -m tests.dossier_server [--port N] [--database FILE] [--mood good|worst] [--dossiers N] [--seed N]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.dossier_server import GOOD, WORST, Database, DossierServer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.dossier_server", description="A reference dossier system.")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--database", type=Path, default=Path("dossiers.db"))
    parser.add_argument("--mood", choices=["good", "worst"], default="good")
    parser.add_argument("--dossiers", type=int, default=20, help="dossiers to begin with: H60.127.03-260930-0001 …")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    database = Database(chosen.database)
    for number in range(1, chosen.dossiers + 1):
        database.add_dossier(f"H60.127.03-260930-{number:04}", components=["KS", "CCCD"])
    server = DossierServer(database, mood={"good": GOOD, "worst": WORST}[chosen.mood], seed=chosen.seed, port=chosen.port)
    print(f"dossier system at rest+{server.url} (key: {server.api_key}, client: {server.client}); Ctrl-C ends", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
