"""`worker`: the supervisor of this machine's workers in a pool."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import click

from digitizer import logs
from digitizer.cli import Spoken, settings, speak
from digitizer.errors import ConfigError, ServiceError
from digitizer.plugins import scheme
from digitizer.queue import Pool
from digitizer.service import Service
from digitizer.service.chores import repeat

log = logging.getLogger(__name__)

#: seconds between two looks at the workers
WATCH_S = 0.5
#: seconds between two sweeps of one supervisor. There may be many supervisors, and each sweep finds little to do
SWEEP_S = 30.0
#: seconds between two deliveries of what is due
DELIVER_S = 5.0
#: seconds that workers have to put their work down before they are killed. A page takes seconds
GRACE_S = 45.0
#: a worker that dies younger than this is not replaced at once, seconds
YOUNG_S = 10.0
#: seconds before the first such worker is replaced. Each further one takes twice as long …
WAIT_FIRST_S = 1.0
#: … up to this
WAIT_MOST_S = 30.0


@click.command(cls=Spoken)
@click.option("--processes", type=click.IntRange(1, 256))
@click.pass_context
def worker(ctx: click.Context, processes: int | None) -> None:
    """Runs N workers until SIGTERM or Ctrl-C. Sweeps and delivers besides."""
    chosen = settings(ctx)
    if scheme(chosen.queue) == "inline":
        raise ConfigError(
            "workers of a pool need a queue they share: --queue redis://host/0", sentence="pool_queue", queue=chosen.queue
        )
    logs.to_stderr(logging.INFO if ctx.find_root().params.get("verbose") else logging.WARNING)
    with Service.open(chosen) as service:
        service.check()
        supervisor = Supervisor(service, processes or chosen.jobs)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.stopping.set())
        speak(ctx, "workers_started", count=supervisor.processes)
        supervisor.run()
    speak(ctx, "workers_stopped")


class Supervisor:
    """Keeps workers running, kills those that hang, and puts right what others left."""

    def __init__(self, service: Service, processes: int) -> None:
        self.service, self.processes = service, processes
        self.pool = Pool("worker", service.settings.for_worker())
        self.stopping = threading.Event()
        #: workers that are gone and may still hold jobs
        self._gone: set[str] = set()
        self._next_start, self._wait_s = 0.0, WAIT_FIRST_S

    def run(self) -> None:
        """Until somebody sets `stopping`."""
        chores = [
            self._chore(self.service.recovery.sweep, "sweep", SWEEP_S),
            self._chore(self.service.deliveries.deliver, "deliver", DELIVER_S),
        ]
        for chore in chores:
            chore.start()
        self._adopt()
        while not self.stopping.is_set():
            self._tend()
            self.stopping.wait(WATCH_S)
        self._release()
        self.pool.stop(self._forgive, grace_s=GRACE_S)
        for chore in chores:
            chore.join(GRACE_S)

    def _adopt(self) -> None:
        """What workers of this machine held whose supervisor was killed."""
        with suppress(ServiceError):
            for name in {name for name, _ in self.service.jobs.working() if self.pool.is_orphan(name)}:
                self.service.jobs.forgive(name)

    def _tend(self) -> None:
        with suppress(ServiceError):
            self.pool.kill_late(self.service.jobs.working())
        ended = self.pool.reap()
        self._gone |= {worker.name for worker in ended}
        held = self._release()
        for worker in ended:
            self._note_end(worker.process.returncode, time.monotonic() - worker.started, at_work=worker.name in held)
        while len(self.pool.members) < self.processes and time.monotonic() >= self._next_start:
            self.pool.start()

    def _note_end(self, code: int, age_s: float, *, at_work: bool) -> None:
        """A worker that dies at work is replaced at once: attempts of its job are counted. Others may die of this machine."""
        if code == 0:
            return
        log.warning("a worker ended with %s", code, extra={"action": "worker_ended", "code": str(code)})
        if at_work or age_s > YOUNG_S:
            self._wait_s = WAIT_FIRST_S
            return
        self._next_start = time.monotonic() + self._wait_s
        self._wait_s = min(WAIT_MOST_S, 2 * self._wait_s)

    def _forgive(self, name: str) -> None:
        """Gives back what a worker held that we stopped. Where the ledger is away, its lease runs out."""
        with suppress(ServiceError):
            self.service.jobs.forgive(name)

    def _release(self) -> set[str]:
        """Gives back what workers that are gone held. Returns the names of those that held something."""
        held = set()
        with suppress(ServiceError):
            for name in sorted(self._gone):
                if self.service.jobs.release(name):
                    held.add(name)
                self._gone.discard(name)
        return held

    def _chore(self, chore: Callable[[], object], name: str, every_s: float) -> threading.Thread:
        return threading.Thread(
            target=repeat, name=name, args=(chore, name), kwargs={"every_s": every_s, "stop": self.stopping}, daemon=True
        )
