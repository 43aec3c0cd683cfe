"""The status of a run, as fields and as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from digitlab.jobs import JobStatus
from digitlab.owners import LOCAL_OWNER
from digitlab.quantities import format_count, format_duration

_FINAL = {
    "done": "Done",
    "stopped": "Stopped by you, the best epoch is kept",
    "cancelled": "Cancelled",
    "failed": "Failed",
    "interrupted": "Interrupted",
}
_BEFORE = {
    "waiting": "Not started",
    "starting": "Loading TensorFlow",
    "downloading": "Downloading the data set",
    "preparing": "Preparing images",
    "evaluating": "Evaluating the best epoch on the test set",
}


@dataclass(frozen=True)
class RunStatus(JobStatus):
    """The status of a run.

    Attributes:
        state: "waiting" (created, not started), "queued", "starting", "downloading", "preparing",
            "training", "evaluating", or a final one: "done", "stopped" (by the user, the best
            epoch is kept), "cancelled" (before the first epoch was complete), "failed" (`message`
            says why), "interrupted" (the process died or was killed; `message`).
        epoch, batch: how many are complete; `batch` counts within the epoch.
        epochs: how many are planned, those before a resume included.
        metrics: the last values that Keras reported.
        notes: problems that did not stop training.
        position: in the queue, 1 for the next run; filled in by `inspect_run`, 0 otherwise.
        images_per_s: over the last seconds of training.
        eta_s: seconds until the last epoch is trained and validated; -1 while unknown.
        prepared: how much of the data is downloaded or prepared, 0 to 1.
        is_sample: whether the run trains and is tested on the offline sample only.
        is_hanging: the worker is alive but makes no progress; filled in by `inspect_run`.
    """

    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    position: int = 0
    learning_rate: float = 0.0
    images_per_s: float = 0.0
    eta_s: float = -1.0
    prepared: float = 0.0
    is_sample: bool = False
    is_hanging: bool = False

    @property
    def progress(self) -> float:
        """How much is done, 0 to 1: of the download or the preparation, then of all epochs."""
        if self.state == "evaluating":
            return 1.0
        if self.state in ("downloading", "preparing"):
            return self.prepared
        in_epoch = self.batch / self.batches if self.batches else 0.0
        return min(1.0, (self.epoch + in_epoch) / max(self.epochs, 1))


@dataclass(frozen=True)
class RunMeta:
    """What is known of a run besides its settings and status.

    Attributes:
        label: the name that users see, "" for none.
        created_s: seconds since 1970.
        epochs: how many are planned after a resume; 0 for as many as the settings say.
        owner: who may act on it.
        study: id of the study whose trial it is, "" for none.
        is_tested: whether its model is exported and evaluated on the test set at the end. The
            trials of a study are not, unless the user asks for it.
    """

    label: str = ""
    created_s: float = 0.0
    epochs: int = 0
    owner: str = LOCAL_OWNER
    study: str = ""
    is_tested: bool = True


def describe_status(status: RunStatus, history: Sequence[Mapping[str, float]] = ()) -> str:
    """One line for the head of a page.

    Args:
        status: from `inspect_run`.
        history: the epochs so far.
    """
    if status.is_hanging:
        return "Not responding"
    if status.state == "queued":
        ahead = status.position - 1
        return "Queued, next" if ahead <= 0 else f"Queued, {ahead} ahead"
    if status.state == "training":
        return " · ".join(_describe_training(status, history))
    if status.state in _FINAL:
        return " · ".join([_FINAL[status.state], *_describe_result(status, history)])
    text = _BEFORE.get(status.state, status.state.capitalize())
    if status.state == "downloading":
        return f"{text}: {status.message}"
    return f"{text}: {status.prepared:.0%}" if status.prepared else text


def describe_state(status: RunStatus) -> str:
    """The state in one or two words, for a list."""
    if status.is_final:
        return status.state
    if status.state == "waiting":
        return "not started"
    # Lists are not redrawn every second: anything more precise would be out of date.
    return "queued" if status.state == "queued" else "running"


def _describe_training(status: RunStatus, history: Sequence[Mapping[str, float]]) -> list[str]:
    parts = [f"Epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"]
    parts += _describe_accuracy(history)
    if not history and "accuracy" in status.metrics:
        parts.append(f"{status.metrics['accuracy']:.1%} on training data")
    if status.eta_s >= 0:
        parts.append(f"{format_duration(status.eta_s)} left")
    return parts


def _describe_result(status: RunStatus, history: Sequence[Mapping[str, float]]) -> list[str]:
    if "test_accuracy" in status.metrics:
        accuracy = f"{status.metrics['test_accuracy']:.2%} on the test set"
        if status.is_sample:
            accuracy += " (offline sample)"
        return [accuracy, format_count(status.epoch, "epoch")]
    parts = _describe_accuracy(history)
    return [*parts, f"{len(history)} of {format_count(status.epochs, 'epoch')}"] if parts else []


def _describe_accuracy(history: Sequence[Mapping[str, float]]) -> list[str]:
    if not history:
        return []
    last = history[-1]
    if "val_accuracy" in last:
        return [f"{last['val_accuracy']:.1%} on validation"]
    return [f"{last['accuracy']:.1%} on training data"] if "accuracy" in last else []
