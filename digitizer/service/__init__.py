"""Where the pure stages meet the ports: receive, work, decide, deliver. Each method is safe to repeat.

The engine opens on first use, so a process that only receives never loads a model.
"""

from digitizer.service.delivery import Deliveries
from digitizer.service.intake import Submission
from digitizer.service.review import Review
from digitizer.service.upkeep import Status, Upkeep
from digitizer.service.work import Work

__all__ = ["Service", "Status", "Submission"]


class Service(Work, Review, Deliveries, Upkeep):
    """One per process."""
