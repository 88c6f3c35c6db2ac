"""Files found where scanners leave them: which were taken over, so that looking again costs a listing and nothing more."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from digitizer.ledger import Transaction, events
from digitizer.ledger.database import put
from digitizer.ledger.schema import arrival


def known(tx: Transaction, files: Mapping[str, str]) -> dict[str, sa.RowMapping]:
    """Of `files` (address -> version) those taken over in this version: address -> key, size, intake."""
    ids = {_id(address, version): address for address, version in files.items()}
    rows = tx.execute(sa.select(arrival).where(arrival.c.id.in_(ids))).mappings()
    return {ids[row["id"]]: row for row in rows}


def note(tx: Transaction, address: str, version: str, *, key: str, size: int) -> None:
    """A file is in the store."""
    row = {"id": _id(address, version), "address": address, "key": key, "size": size, "at": events.now()}
    put(tx, arrival, row)


def submitted(tx: Transaction, files: Sequence[tuple[str, str]], intake_id: str) -> None:
    """Files (address, version) were submitted together."""
    ids = [_id(address, version) for address, version in files]
    tx.execute(sa.update(arrival).where(arrival.c.id.in_(ids)).values(intake=intake_id))


def _id(address: str, version: str) -> str:
    return hashlib.sha256(f"{address}\0{version}".encode()).hexdigest()
