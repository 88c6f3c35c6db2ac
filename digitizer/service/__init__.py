"""Where the pure stages meet the ports: receive, work, decide, deliver. Each method is safe to repeat.

The engine opens on first use, so a process that only receives never loads a model.
"""

from digitizer.service.api_keys import Keys
from digitizer.service.book_check import BookChecks
from digitizer.service.callbacks import Callbacks
from digitizer.service.client_documents import Document
from digitizer.service.delivery import Deliveries
from digitizer.service.hand_carry import Packages
from digitizer.service.inbox import Announced, Inbox
from digitizer.service.indicators import Indicators
from digitizer.service.job_runner import Work
from digitizer.service.moj_export import Books
from digitizer.service.reconciliation import Reconciliation
from digitizer.service.results import Results
from digitizer.service.submissions import Submission
from digitizer.service.upkeep import Status

__all__ = ["Announced", "Document", "Service", "Status", "Submission"]


class Service(Work, Packages, Callbacks, Deliveries, Books, BookChecks, Indicators, Reconciliation, Keys, Inbox, Results):
    """One per process."""
