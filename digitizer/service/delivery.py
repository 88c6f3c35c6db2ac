"""Delivering what the outbox holds."""

from __future__ import annotations

import logging
import random
from functools import partial
from pathlib import Path

from digitizer.connectors import Delivery
from digitizer.errors import AttachError, ConnectorDown
from digitizer.ledger import outbox, records, submissions
from digitizer.ledger.outbox import Due
from digitizer.model import Receipt, RecordState
from digitizer.service.ports import Ports

log = logging.getLogger(__name__)

#: a delivery that failed is tried again after 30 s, 1 min, 2 min … up to an hour, each time ± 25 %
RETRY_FIRST_S, RETRY_MOST_S = 30.0, 3600.0
#: how long one delivery may take before somebody else tries it
DELIVERY_LEASE_S = 300.0


class Deliveries(Ports):
    """The outbox on its way to the dossier system."""

    def deliver(self) -> list[Receipt]:
        """Sends everything that is due; what cannot be sent now stays in the outbox."""
        receipts: list[Receipt] = []
        while True:
            with self.ledger.begin() as tx:
                due = outbox.claim(tx, lease_s=DELIVERY_LEASE_S)
            if due is None:
                return receipts
            receipt = self._deliver(due)
            if receipt is not None:
                receipts.append(receipt)

    def _deliver(self, due: Due) -> Receipt | None:
        try:
            with self._scratch() as folder:
                receipt = self._send(due, folder)
        except ConnectorDown as exc:
            wait = min(RETRY_MOST_S, RETRY_FIRST_S * 2 ** (due.attempts - 1)) * random.uniform(0.75, 1.25)
            with self.ledger.begin() as tx:
                outbox.put_off(tx, due, wait, {"code": exc.code, **exc.facts})
            return None
        except AttachError as exc:
            with self.ledger.begin() as tx:
                outbox.refused(tx, due, {"code": exc.code, **exc.facts}, actor="digitizer")
            return None
        with self.ledger.begin() as tx:
            if outbox.delivered(tx, due, receipt, actor="digitizer") and due.record and due.revision:
                records.move(
                    tx, due.record, due.revision, [RecordState.READY], RecordState.ATTACHED, actor="digitizer", action="attached"
                )
        return receipt

    def _send(self, due: Due, folder: Path) -> Receipt:
        with self.ledger.read() as tx:
            intake = submissions.get_intake(tx, due.intake)
            media_type, key = submissions.artifacts(tx, intake.bundle)["pdf"]
            kept = records.get(tx, due.record) if due.record else None
        delivery = partial(
            Delivery, id=due.id, key=due.key, dossier=due.dossier, component=intake.component, agency=intake.agency
        )
        stem = Path(intake.name).stem
        if due.kind == "attach":
            path = folder / "attachment.pdf"
            self._fetch(key, path)
            return self.connector.attach(
                delivery(name=f"{stem}.pdf", media_type=media_type, sha256=key.rpartition("/")[2], path=path)
            )
        if kept is None:
            raise AttachError("the record is gone", delivery=due.id)
        values = {field.name: field.value for field in kept.record.fields if field.value is not None}
        return self.connector.update_fields(
            delivery(
                media_type="application/json",
                name=f"{stem}-{'-'.join(kept.record.id.split('/')[1:])}",
                sha256="",
                path=folder,
                fields={"doctype": kept.doctype, "record": kept.record.id, "revision": kept.record.revision, "values": values},
            )
        )
