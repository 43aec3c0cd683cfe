"""What a monitoring system scrapes, in Prometheus's text format."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily

from digitlab.files import measure_free_disk
from digitlab.inference.reader import count_read_images
from digitlab.paths import get_runs_dir
from digitlab.runs.control import count_active_runs


class _AnswerCollector:
    """The counter of the readers, which is kept where they are."""

    def collect(self) -> list[CounterMetricFamily]:
        """Called at each scrape."""
        name, text = "digitlab_images_read", "Images that this process has classified."
        return [CounterMetricFamily(name, text, value=count_read_images())]


def build_metrics(count_sessions: Callable[[], int]) -> Callable[[], bytes]:
    """Build the function that answers a scrape.

    Args:
        count_sessions: how many browsers are connected.
    """
    registry = CollectorRegistry()
    # Memory, processor time and open files of this process.
    ProcessCollector(registry=registry)
    registry.register(_AnswerCollector())
    for name, text, measure in (
        ("digitlab_sessions", "Browsers that are connected.", count_sessions),
        ("digitlab_trainings", "Trainings that are queued or running.", count_active_runs),
        ("digitlab_free_disk_bytes", "Free space where runs are written.", _measure_free_disk),
    ):
        Gauge(name, text, registry=registry).set_function(measure)
    return lambda: generate_latest(registry)


def _measure_free_disk() -> float:
    return float(measure_free_disk(get_runs_dir()))
