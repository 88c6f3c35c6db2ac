"""Numbers for Prometheus: what the server did since it started, and what the ledger says. No names, no ids."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from digitizer.model import Lane
from digitizer.service.status import StatusReports

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
#: how long one look into the ledger serves all scrapes
_KEPT_S = 5.0


class Metrics:
    """The numbers of one server process."""

    def __init__(self, status: StatusReports) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "digitizer_http_requests", "Requests by operation and status.", ["operation", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "digitizer_http_seconds", "Time to answer.", ["operation"], buckets=_BUCKETS, registry=self.registry
        )
        self.received = Counter("digitizer_received_bytes", "Bytes of request bodies.", registry=self.registry)
        self.refused = Counter("digitizer_http_refused", "Requests refused, by code.", ["code"], registry=self.registry)
        self.streams = Gauge("digitizer_event_streams", "Open event streams.", registry=self.registry)
        self.uploads = Gauge("digitizer_uploads", "Uploads being received.", registry=self.registry)
        ProcessCollector(registry=self.registry)
        self.registry.register(_LedgerNumbers(status))

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)


class _LedgerNumbers(Collector):
    def __init__(self, status: StatusReports) -> None:
        self._status = status
        self._kept: list[Metric] = []
        self._until = 0.0

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        if time.monotonic() > self._until:
            self._kept = list(self._look())
            self._until = time.monotonic() + _KEPT_S
        return iter(self._kept)

    def _look(self) -> Iterator[Metric]:
        numbers = self._status.numbers()
        now = datetime.now(UTC)
        ages = {lane.value: 0.0 for lane in Lane}
        ages |= {lane: (now - datetime.fromisoformat(at)).total_seconds() for lane, at in numbers.oldest_documents.items()}
        late = {target: (now - datetime.fromisoformat(at)).total_seconds() for target, at in numbers.oldest_deliveries.items()}
        yield _gauge("digitizer_queue_age_seconds", "Age of the oldest document that is not done.", "lane", ages)
        yield _gauge("digitizer_documents", "Documents by state.", "state", numbers.documents)
        yield _gauge("digitizer_jobs", "Jobs by state.", "state", numbers.jobs)
        yield _gauge("digitizer_deliveries", "Deliveries by state.", "state", numbers.deliveries)
        yield _gauge("digitizer_delivery_lag_seconds", "Age of the oldest delivery a target does not have.", "target", late)
        yield _counter("digitizer_pages_read", "Pages by state; its rate is pages per second.", "state", numbers.pages)
        yield _gauge("digitizer_documents_failed", "Failed documents by code.", "code", numbers.failures)


def _gauge(name: str, text: str, label: str, values: dict[str, float] | dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def _counter(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
