"""How each target of deliveries is doing, shared by all processes. `digitizer/pace.py` has the rules."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from digitizer.ledger import Transaction
from digitizer.ledger.schema import target
from digitizer.pace import TargetState


def load(tx: Transaction, name: str) -> TargetState:
    """The state of a target, locked until the transaction ends. A new name gets a fresh state."""
    row = tx.execute(sa.select(target).where(target.c.name == name).with_for_update()).mappings().first()
    if row is None:
        fresh = TargetState(name=name)
        tx.execute(sa.insert(target).values(asdict(fresh)))
        return fresh
    return TargetState(**row)


def save(tx: Transaction, state: TargetState) -> None:
    """Keeps a state that `load` gave."""
    tx.execute(sa.update(target).where(target.c.name == state.name).values(asdict(state)))


def resume(tx: Transaction, name: str | None = None) -> None:
    """Lifts the pause of one target, or of all: an operator knows that it works again."""
    lifted = sa.update(target).values(circuit="CLOSED", failures=0, paused_until=0.0, pause_s=0.0)
    tx.execute(lifted if name is None else lifted.where(target.c.name == name))


def overview(tx: Transaction) -> list[dict[str, Any]]:
    """How every target is doing: name, circuit, paused_until, pace, usual_s, last_success, error."""
    names = ("name", "circuit", "paused_until", "pace", "usual_s", "last_success", "error")
    return [{name: row[name] for name in names} for row in tx.execute(sa.select(target).order_by(target.c.name)).mappings()]
