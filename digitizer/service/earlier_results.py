"""What versions before migration 0011 did not note in the ledger: it is read from the JSON they exported.

Results of today have it in the ledger. `digitizer reprocess` notes it for an earlier one too.
"""

from __future__ import annotations

import json
from typing import Any

from digitizer.errors import AttachError
from digitizer.extract.book import Totals, totals
from digitizer.ledger import Transaction, submissions
from digitizer.ledger.records import Kept
from digitizer.service.context import ServiceContext


def pages_of(context: ServiceContext, tx: Transaction, kept: Kept) -> list[int]:
    """Positions of the scans that a record lies on. Raises AttachError, StoreDown."""
    made = _exported(context, tx, kept.bundle)
    read_on = {field.page for field in kept.record.fields if field.page is not None}
    found = sorted({page["scan"] for page in made["pages"] if page["index"] in read_on})
    if found:
        return found
    number = int(kept.record.id.split("/")[1])
    if number < len(made["documents"]):
        return sorted(set(made["documents"][number]["pages"]))
    raise AttachError("the pages of this record are not known; run `digitizer reprocess`", record=kept.record.id)


def stated(context: ServiceContext, tx: Transaction, bundle: str) -> Totals | None:
    """The totals that the closing statement of a book names. None without one. Raises StoreDown."""
    pages = _exported(context, tx, bundle)["pages"]
    return next((found for page in pages if (found := totals([line["text"] for line in page["lines"]]))), None)


def _exported(context: ServiceContext, tx: Transaction, bundle: str) -> dict[str, Any]:
    with context.store.open(submissions.artifacts(tx, bundle)["json"][1]) as stored:
        made: dict[str, Any] = json.load(stored)
    return made
