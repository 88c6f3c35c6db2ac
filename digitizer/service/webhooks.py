"""Telling clients what became of their documents: written with the change itself, sent from the outbox, one at a time."""

from __future__ import annotations

import base64
import json
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from digitizer.errors import AddressRefused, AttachRefused, ConnectorDown, NotFound, UsageError
from digitizer.ledger import Transaction, events, outbox, webhooks
from digitizer.ledger.outbox import Due, NewDelivery
from digitizer.model import Intake, Receipt
from digitizer.service.api_keys import DAY_S
from digitizer.service.context import ServiceContext
from digitizer.service.delivery_senders import sender
from digitizer.webhooks import post, resolve, sign

KIND, TARGET = "callback", "callback:"
_CLIENT = "client:"


def tell(tx: Transaction, what: str, intake: Intake, **facts: str) -> None:
    """Queues a callback about an intake, where the client that submitted it has one. `facts`: ids and codes only."""
    client = intake.actor.removeprefix(_CLIENT)
    if not intake.actor.startswith(_CLIENT) or webhooks.get(tx, client) is None:
        return
    at = events.now()
    message = NewDelivery(
        kind=KIND,
        target=f"{TARGET}{client}",
        order_key=client,
        key=f"callback/{intake.id}/{what}/{at}",
        intake=intake.id,
        dossier=intake.dossier,
        detail={
            "type": what,
            "timestamp": at,
            "data": {"id": intake.id, "agency": intake.agency, "dossier": intake.dossier, "component": intake.component, **facts},
        },
    )
    outbox.add(tx, message, actor="digitizer")


class Webhooks:
    """Callback addresses and secrets of clients."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def set_address(self, client: str, url: str | None, *, rotate: bool, by: str) -> str | None:
        """Sets a client's address, or rotates its secret. Gives the new secret, if any. Raises UsageError, NotFound."""
        until = time.time() + DAY_S * self.context.settings.api.overlap_days
        with self.context.ledger.begin() as tx:
            known = webhooks.get(tx, client)
            if known is None and url is None:
                raise NotFound("this client has no callback address", client=client)
            address = url if url is not None else known.url if known else ""
            try:
                resolve(address, self.context.settings.api.callback_networks)
            except AddressRefused as exc:
                raise UsageError(exc.message, client=client) from exc
            except ConnectorDown as exc:
                raise UsageError("the name of this address is not known", client=client) from exc
            secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}" if rotate or known is None else None
            webhooks.save(tx, client, address, secret, until=until, by=by)
        return secret

    def remove(self, client: str, *, by: str) -> None:
        """Tells this client nothing any more. Raises NotFound."""
        with self.context.ledger.begin() as tx:
            if not webhooks.remove(tx, client, by=by):
                raise NotFound("this client has no callback address", client=client)


@sender(KIND)
def send_callback(context: ServiceContext, due: Due, folder: Path) -> Receipt:
    """Sends one signed message. Its id stays in a repeat, its time is that of the attempt."""
    with context.ledger.read() as tx:
        known = webhooks.get(tx, due.target.removeprefix(TARGET))
    if known is None:
        raise AttachRefused("this client wants no callbacks any more", delivery=due.id)
    body = json.dumps(dict(due.detail), ensure_ascii=False, separators=(",", ":")).encode()
    headers = sign(known.secrets, due.id, int(time.time()), body)
    status = post(known.url, body, headers, allowed=context.settings.api.callback_networks)
    return Receipt(delivery=due.id, dossier=due.dossier or "", external_id=f"HTTP {status}", at=datetime.now(UTC))
