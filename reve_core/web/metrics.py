"""
The numbers of this app in Prometheus' text format: those of the tables, and those that this process has counted itself.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/, version 1.0.0, as ``prometheus-client`` writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from reve_core.errors import ReveError
from reve_core.web import counters

if TYPE_CHECKING:
    from prometheus_client import Metric

    from reve_core.guarding import Tally

_ABOUT = {
    "refusals": "Requests that were answered with a refusal, by its code.",
    "frames_refused": "Websockets that were closed for what they sent.",
    "sockets_refused": "Websockets that were not opened.",
    "requests_refused": "Requests that were too many, or took too much at once, for one address.",
    "uploads_refused": "Uploads that were too many or too much.",
    "sockets_open": "Websockets that are open: pages in browsers.",
}


def exposition(get_tally: Callable[[], Tally] | None) -> tuple[bytes, str]:
    """The text, and its media type. ``reve_store_up`` is 0 where the tables cannot be read; what else there is stands then."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest  # seldom asked for, slow to load
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    registry = CollectorRegistry()
    registry.register(_Numbers(get_tally))
    ProcessCollector(registry=registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Numbers:
    def __init__(self, get_tally: Callable[[], Tally] | None) -> None:
        self._get_tally = get_tally

    def collect(self) -> Iterable[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        if self._get_tally is not None:
            up = GaugeMetricFamily("reve_store_up", "Whether the tables could be read.")
            try:
                tally = self._get_tally()
            except ReveError:
                up.add_metric([], 0)
            else:
                up.add_metric([], 1)
                yield from _of_tables(tally)
            yield up
        for what, kind in ((counters.counted(), CounterMetricFamily), (counters.standing(), GaugeMetricFamily)):
            for name in sorted({name for name, _ in what}):
                found = [(labels, value) for (each, labels), value in what.items() if each == name]
                family = kind(f"reve_{name}", _ABOUT.get(name, name), labels=[label for label, _ in found[0][0]])
                for labels, value in sorted(found):
                    family.add_metric([text for _, text in labels], value)
                yield family


def _of_tables(tally: Tally) -> Iterable[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    for name, about, second, values in (
        ("jobs", "Jobs on record, by their state.", "status", tally.jobs),
        ("calls", "Calls of providers on record, by how they ended.", "outcome", tally.calls),
        ("credits", "Credits that the calls on record cost.", "outcome", tally.credits),
    ):
        family = GaugeMetricFamily(f"reve_{name}", about, labels=["provider", second])
        for (provider, what), value in sorted(values.items()):
            family.add_metric([provider, what], value)
        yield family
    for name, about, number in (
        ("queued", "Jobs that wait for their turn.", float(tally.queued)),
        ("oldest_queued_seconds", "How long the one that waits longest has waited.", tally.waiting_s),
    ):
        alone = GaugeMetricFamily(f"reve_{name}", about)
        alone.add_metric([], number)
        yield alone
