"""Delivering what the outbox holds: claims, threads, leases and how each attempt ended."""

from __future__ import annotations

import logging
import random
import re
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitizer.connectors import Flushes, HandsOver
from digitizer.dossiers import ALL
from digitizer.errors import ConnectorDown, DigitizerError, NotSupported, ServiceError, UsageError
from digitizer.ledger import events, outbox, records, submissions, targets
from digitizer.ledger.outbox import Due
from digitizer.model import Receipt, RecordState
from digitizer.service.chores import repeat
from digitizer.service.context import ServiceContext
from digitizer.service.delivery_senders import DOSSIER_KINDS, SENDERS
from digitizer.service.outbox import ACTOR
from digitizer.service.pace import pace_of
from digitizer.service.webhooks import tell

log = logging.getLogger(__name__)

#: threads of one process that send
THREADS = 16
#: why something is handed over instead of attached
NO_FUNCTION = "no_attach_function"
#: reason codes: events must hold no personal data, so no free text
REASON = re.compile(r"[a-z][a-z0-9_]{2,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Where the outbox stands."""

    #: number of deliveries by state
    counts: dict[str, int]
    #: targets, with their circuit breakers
    targets: list[dict[str, Any]]
    #: deliveries that wait or are dead
    pending: list[dict[str, Any]]


class Deliveries:
    """The outbox on its way to dossier systems and others."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def deliver(self) -> list[Receipt]:
        """Sends everything that may be sent now, several deliveries at a time. The others stay in the outbox.

        Raises ServiceError when a machine of ours is at fault, after the deliveries under way have ended.
        """
        receipts: list[Receipt] = []
        under_way: dict[Future[Receipt | None], Due] = {}
        trouble: DigitizerError | None = None
        with ThreadPoolExecutor(THREADS, thread_name_prefix="deliver") as pool:
            while True:
                if trouble is None:
                    under_way.update({pool.submit(self._deliver, due): due for due in self._claim(THREADS - len(under_way))})
                if not under_way:
                    break
                over, _ = wait(under_way, timeout=self.context.settings.delivery.lease_s / 3, return_when=FIRST_COMPLETED)
                for future in over:
                    del under_way[future]
                    try:
                        receipts += [r for r in [future.result()] if r is not None]
                    except ServiceError as exc:
                        trouble = exc
                if not over:
                    self._renew(list(under_way.values()))
        if receipts:
            self._flush()
        if trouble is not None:
            raise trouble
        return receipts

    def keep_delivering(self, stop: threading.Event, *, every_s: float = 2.0) -> None:
        """Delivers what becomes due until `stop`. Errors are logged and waited out."""
        repeat(self.deliver, "deliver", every_s=every_s, stop=stop)

    def done_elsewhere(self, delivery: str, *, evidence: Path, reason: str, by: str) -> None:
        """A person proves that a delivery was done by another way. Raises UsageError, FileAccess, StoreDown."""
        if not REASON.fullmatch(reason):
            raise UsageError("give the reason as a code, for example no_attach_function", sentence="reason_code", reason=reason)
        key = self.context.store.put_file(evidence)
        with self.context.ledger.begin() as tx:
            if not outbox.elsewhere(tx, delivery, actor=by, reason=reason, evidence=key):
                raise UsageError(
                    "no such delivery is open; see `digitizer deliveries list`", sentence="delivery_not_open", delivery=delivery
                )

    def hand_over(self, target: str, file: Path, *, by: str) -> list[dict[str, Any]]:
        """Writes one signed package of what somebody has to enter by hand. Gives its list. Raises UsageError, ConfigError."""
        connector = self.context.connectors.of(target)
        if not isinstance(connector, HandsOver):
            raise UsageError("this target hands nothing over; it is no `handover:`", sentence="no_handover", target=target)
        with self.context.ledger.read() as tx:
            rows = [{**row, "reason": NO_FUNCTION} for row in outbox.handed(tx, target)]
        manifest = connector.package(file, rows)
        with self.context.ledger.begin() as tx:
            events.note(tx, "package_made", target, actor=by, files=len(manifest.files), signer=manifest.signer)
        return rows

    def overview(self, scopes: Sequence[str] = ALL) -> Overview:
        """What is open and why, and how each target is doing. Deliveries of the agencies in `scopes` only."""
        with self.context.ledger.read() as tx:
            return Overview(counts=outbox.counts(tx, scopes), targets=targets.overview(tx), pending=outbox.pending(tx, scopes))

    def receipts(self) -> list[dict[str, Any]]:
        """What dossier systems gave for what they took."""
        with self.context.ledger.read() as tx:
            return outbox.receipts(tx)

    def find_id(self, beginning: str) -> str:
        """The id of the one delivery whose id begins so. Raises NotFound, AmbiguousId."""
        with self.context.ledger.read() as tx:
            return outbox.delivery_like(tx, beginning)

    def replay(self, deliveries: Sequence[str] | None, *, by: str, code: str | None = None, scopes: Sequence[str] = ALL) -> int:
        """Brings dead deliveries back: those named, those that died of `code`, or all. Gives their number.

        Deliveries outside of the agencies in `scopes` stay as they are.
        """
        with self.context.ledger.begin() as tx:
            return outbox.replay(tx, deliveries, actor=by, code=code, scopes=scopes)

    def hasten(self, *, by: str) -> int:
        """Makes every open delivery due now. Gives their number."""
        with self.context.ledger.begin() as tx:
            return outbox.hasten(tx, actor=by)

    def _flush(self) -> None:
        for connector in self.context.connectors.opened():
            if isinstance(connector, Flushes):
                connector.flush()

    def _claim(self, room: int) -> list[Due]:
        now = self.context.clock()
        with self.context.ledger.read() as tx:
            due = outbox.due_targets(tx, now=now)
        claimed: list[Due] = []
        for name in due:
            if len(claimed) < room:
                with self.context.ledger.begin() as tx:
                    claimed += outbox.claim(
                        tx,
                        name,
                        pace=pace_of(self.context.settings, name),
                        lease_s=self.context.settings.delivery.lease_s,
                        now=now,
                        most=room - len(claimed),
                    )
        return claimed

    def _renew(self, dues: list[Due]) -> None:
        with self.context.ledger.begin() as tx:
            outbox.renew(tx, dues, until=self.context.clock() + self.context.settings.delivery.lease_s)

    def _deliver(self, due: Due) -> Receipt | None:
        began = time.monotonic()
        try:
            with self.context.files.scratch() as folder:
                receipt = self._send(due, folder)
        except ConnectorDown as exc:
            self._put_off(due, exc)
        except ServiceError:
            with self.context.ledger.begin() as tx:
                outbox.give_back(tx, due)
            raise
        except DigitizerError as exc:
            with self.context.ledger.begin() as tx:
                outbox.died(tx, due, {"code": exc.code, **exc.facts}, actor=ACTOR)
        except Exception as exc:  # a mistake of ours must neither stop the others nor be tried for ever
            log.error("a sender broke: %s", type(exc).__name__, extra={"action": "deliver", "delivery": due.id})
            with self.context.ledger.begin() as tx:
                outbox.died(tx, due, {"code": DigitizerError.code, "what": type(exc).__name__}, actor=ACTOR)
        else:
            self._note(due, receipt, time.monotonic() - began)
            about = {"delivery": due.id, "kind": due.kind, "document": due.intake}
            log.info("delivered", extra={"action": "delivered", "ms": round((time.monotonic() - began) * 1000, 1), **about})
            return receipt
        return None

    def _send(self, due: Due, folder: Path) -> Receipt:
        if due.kind not in SENDERS:
            raise NotSupported("nothing here sends this kind of delivery", kind=due.kind)
        return SENDERS[due.kind](self.context, due, folder)

    def _note(self, due: Due, receipt: Receipt, seconds: float) -> None:
        handed = due.kind in DOSSIER_KINDS and self.context.connectors.of(due.target).entered_by_hand
        with self.context.ledger.begin() as tx:
            new = outbox.delivered(tx, due, receipt, actor=ACTOR, seconds=seconds, now=self.context.clock(), handed=handed)
            if new and due.record and due.revision:
                at = (due.record, due.revision)
                records.move(tx, *at, [RecordState.READY], RecordState.ATTACHED, actor=ACTOR, action="attached")
            if new and due.intake and due.kind in DOSSIER_KINDS:
                facts = {"kind": due.kind, "external_id": receipt.external_id}
                tell(tx, "document.delivered", submissions.get_intake(tx, due.intake), **facts)

    def _put_off(self, due: Due, exc: ConnectorDown) -> None:
        """Tries again after an exponential back-off with jitter, or after the pause that the target asks for."""
        options = self.context.settings.delivery
        seconds = min(options.retry_most_s, options.retry_first_s * 2 ** min(due.attempts - 1, 20)) * random.uniform(0.75, 1.25)
        with self.context.ledger.begin() as tx:
            outbox.put_off(
                tx,
                due,
                max(seconds, exc.retry_after_s or 0.0),
                {"code": exc.code, **exc.facts},
                actor=ACTOR,
                now=self.context.clock(),
                pace=pace_of(self.context.settings, due.target),
                retry_after_s=exc.retry_after_s,
            )
