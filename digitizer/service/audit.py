"""The event log: sealing and checking its chain."""

from __future__ import annotations

from digitizer.ledger import events
from digitizer.ledger.api_keys import Caller
from digitizer.service.context import ServiceContext


class Audit:
    """The chain of events."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def looked(self, caller: Caller, at: str, **detail: str | int) -> None:
        """Notes that somebody looked at lists or figures. `at` names them, `detail` holds codes and counts."""
        with self.context.ledger.begin() as tx:
            events.note(tx, f"looked_at_{at}", caller.id, actor=caller.actor, **detail)

    def verify(self) -> tuple[int, int | None]:
        """Seals what is new, then checks the chain: (sealed events, number of the first one that does not fit or None)."""
        with self.context.ledger.begin() as tx:
            events.seal(tx)
        with self.context.ledger.read() as tx:
            return events.verify(tx)
