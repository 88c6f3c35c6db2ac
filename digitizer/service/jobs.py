"""Work on what was submitted: claimed by workers, watched by supervisors, run by the queue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from digitizer.errors import ServiceError
from digitizer.ledger import jobs, submissions
from digitizer.ledger.jobs import Job
from digitizer.service.context import ServiceContext
from digitizer.service.job_runner import JobRunner

log = logging.getLogger(__name__)

#: bundles asked for in one query
_PART = 500


class Jobs:
    """The jobs of this installation."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context
        self.runner = JobRunner(context)

    def work(self, worker: str) -> Job | None:
        """Does the next job. See `JobRunner.work`."""
        return self.runner.work(worker)

    def waiting(self) -> int:
        """Jobs queued or at work."""
        with self.context.ledger.read() as tx:
            return jobs.waiting(tx)

    def working(self) -> list[tuple[str, float]]:
        """(name of a worker, seconds its lease still has) of all jobs at work."""
        with self.context.ledger.read() as tx:
            return [(worker, left) for worker, _, left in jobs.working(tx)]

    def release(self, worker: str) -> int:
        """Puts back what a dead worker held. Returns how many jobs."""
        with self.context.ledger.begin() as tx:
            return jobs.release(tx, worker)

    def forgive(self, worker: str) -> int:
        """Puts back what a worker held that died with its parent, or was stopped by us. Returns how many jobs."""
        with self.context.ledger.begin() as tx:
            return jobs.release(tx, worker, blameless=True)

    def wake_another(self) -> None:
        """Wakes one more worker when jobs are queued. A hint: when a machine is at fault, the next sweep gives it."""
        try:
            with self.context.ledger.read() as tx:
                more = jobs.queued(tx)
            if more:
                self.context.queue.wake(1)
        except ServiceError as exc:
            log.warning("%s: workers are woken later", exc.code, extra={"action": "wake", "code": exc.code})

    @property
    def embedded(self) -> bool:
        """Whether the workers are this machine's own and are started by `run`."""
        return self.context.queue.embedded

    def run(self, *, tick: Callable[[], None], bundles: Iterable[str] | None = None) -> None:
        """Has the queue work until nothing waits. Raises QueueDown.

        Args:
            tick: called about once a second, or more often. What it raises ends the run.
            bundles: with workers elsewhere, only these are waited for.
        """
        left = sorted(set(bundles or ()))

        def ours() -> int:
            left[:] = self._unfinished(left)
            return len(left)

        waiting = self.waiting if self.embedded or bundles is None else ours
        self.context.queue.run(waiting=waiting, release=self.release, forgive=self.forgive, working=self.working, tick=tick)

    def _unfinished(self, bundles: Sequence[str]) -> list[str]:
        with self.context.ledger.read() as tx:
            return [bundle for part in _parts(bundles) for bundle in sorted(submissions.unfinished_of(tx, part))]

    def progress(self) -> tuple[int, int]:
        """(pages read, pages known) of all bundles that are not finished."""
        with self.context.ledger.read() as tx:
            return submissions.progress(tx)


def _parts(bundles: Sequence[str]) -> Iterator[Sequence[str]]:
    return (bundles[first : first + _PART] for first in range(0, len(bundles), _PART))
