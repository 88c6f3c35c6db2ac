"""Where the pure stages meet the ports: receive, work, decide, deliver. Each method is safe to repeat.

The engine opens on first use, so a process that only receives never loads a model.
"""

from digitizer.service.booklook import BookChecks
from digitizer.service.books import Books
from digitizer.service.callbacks import Callbacks
from digitizer.service.delivery import Deliveries
from digitizer.service.hook import Document
from digitizer.service.inbox import Announced, Inbox
from digitizer.service.indicators import Indicators
from digitizer.service.intake import Submission
from digitizer.service.keys import Keys
from digitizer.service.packages import Packages
from digitizer.service.reconcile import Reconciliation
from digitizer.service.results import Results
from digitizer.service.upkeep import Status
from digitizer.service.work import Work

__all__ = ["Announced", "Document", "Service", "Status", "Submission"]


class Service(Work, Packages, Callbacks, Deliveries, Books, BookChecks, Indicators, Reconciliation, Keys, Inbox, Results):
    """One per process."""
