"""Where pure stages meet the ports: receive, read, decide, deliver. Each method is safe to repeat.

`Service` holds one object for each thing an operator or a system outside can do. Doors take the ones they use.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from digitizer.doctypes import DocType
from digitizer.service.accounts import Accounts
from digitizer.service.api_keys import ApiKeys
from digitizer.service.arrivals import ArrivalLists
from digitizer.service.audit import Audit
from digitizer.service.book_check import BookCheck
from digitizer.service.client_documents import ClientDocument, ClientDocuments
from digitizer.service.context import Clock, ServiceContext, never
from digitizer.service.deliveries import Deliveries
from digitizer.service.hand_carry import HandCarry
from digitizer.service.inbox import Inbox
from digitizer.service.indicators import Indicators
from digitizer.service.jobs import Jobs
from digitizer.service.moj_export import MojExport
from digitizer.service.pictures import Pictures
from digitizer.service.reconciliation import Reconciliation
from digitizer.service.recovery import Recovery
from digitizer.service.results import Results
from digitizer.service.review import Review
from digitizer.service.review_desk import ReviewDesk
from digitizer.service.routing import Submission
from digitizer.service.signing_keys import SigningKeys
from digitizer.service.status import Status, StatusReports
from digitizer.service.submissions import Submissions
from digitizer.service.upload_sessions import AnnouncedUpload, UploadSessions
from digitizer.service.webhooks import Webhooks
from digitizer.settings import Settings

__all__ = ["AnnouncedUpload", "ClientDocument", "Service", "Status", "Submission"]


class Service:
    """One per process."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context
        self.settings = context.settings
        self.submissions = Submissions(context)
        self.jobs = Jobs(context)
        self.review = Review(context)
        self.deliveries = Deliveries(context)
        self.webhooks = Webhooks(context)
        self.results = Results(context)
        self.book_check = BookCheck(context)
        self.moj_export = MojExport(context)
        self.hand_carry = HandCarry(context)
        self.indicators = Indicators(context)
        self.reconciliation = Reconciliation(context)
        self.status = StatusReports(context)
        self.recovery = Recovery(context)
        self.audit = Audit(context)
        self.arrivals = ArrivalLists(context)
        self.pictures = Pictures(context)
        self.review_desk = ReviewDesk(context, self.review)
        self.signing_keys = SigningKeys(context)
        self.api_keys = ApiKeys(context)
        self.accounts = Accounts(context)
        self.client_documents = ClientDocuments(context, self.submissions, self.recovery)
        self.inbox = Inbox(context, self.client_documents)
        self.upload_sessions = UploadSessions(context, self.client_documents, self.inbox)

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        clock: Clock = time.time,
        stopping: Callable[[], bool] = never,
        takes_first: Callable[[], bool] = never,
    ) -> Self:
        """With the ports that the settings name. See `ServiceContext.open`. Raises ConfigError, StoreDown, LedgerDown."""
        return cls(ServiceContext.open(settings, clock=clock, stopping=stopping, takes_first=takes_first))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.context.close()

    def check(self) -> None:
        """What has to be right before anything starts, without loading an engine. Raises ModelError, DocTypeError."""
        self.context.check()

    @property
    def doctypes(self) -> Mapping[str, DocType]:
        """The declared document types, ours and the operator's. Raises DocTypeError."""
        return self.context.doctypes
