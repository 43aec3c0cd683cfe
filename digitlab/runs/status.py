"""Where a run stands, and what is known of it besides its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from digitlab.processes import ProcessIdentity

FINAL_STATES = ("done", "stopped", "cancelled", "failed", "interrupted")
_FINAL = {
    "done": "Done",
    "stopped": "Stopped by you, the best epoch is kept",
    "cancelled": "Cancelled before it began",
    "failed": "Failed",
    "interrupted": "Interrupted",
}
_BEFORE = {
    "waiting": "Not started",
    "starting": "Starting: TensorFlow is being loaded",
    "preparing pictures": "Preparing pictures",
    "evaluating": "Testing the best epoch on digits it never saw",
}


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands.

    Attributes:
        state: "waiting" (made, not started), "queued", "starting", "downloading: …",
            "preparing pictures", "training", "evaluating", or a final one: "done", "stopped" (by
            a person, the best epoch is kept), "cancelled" (in the queue), "failed" (`message`
            says why), "interrupted" (the process died or was ended; `message`).
        epoch, batch: how many are complete; `batch` counts within the epoch.
        epochs: how many the run is to have, those before a resumption included.
        metrics: the last values Keras reported.
        message: a sentence or two for people.
        notes: sentences about what did not work but did not stop training either.
        position: in the queue, 1 for the next one to train; 0 when not queued.
        images_per_s: over the last seconds of training.
        eta_s: until the last epoch is trained and validated, in seconds; -1 while unknown.
        is_hanging: the worker lives but has done nothing for too long; told by `inspect_run`.
        updated_s: seconds since 1970 when this was written.
    """

    state: str = "waiting"
    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    message: str = ""
    notes: tuple[str, ...] = ()
    position: int = 0
    learning_rate: float = 0.0
    images_per_s: float = 0.0
    eta_s: float = -1.0
    is_hanging: bool = False
    pid: int = 0
    process_started_s: float = 0.0
    updated_s: float = 0.0

    @property
    def is_final(self) -> bool:
        """Whether the run has ended, well or badly."""
        return self.state in FINAL_STATES

    @property
    def process(self) -> ProcessIdentity:
        """The worker."""
        return ProcessIdentity(self.pid, self.process_started_s)


@dataclass(frozen=True)
class RunMeta:
    """What is known of a run besides its settings.

    Attributes:
        label: its name for people, "" for none.
        created_s: when it was made, seconds since 1970.
        epochs: how many it is to have after resumptions; 0 for as many as the settings say.
    """

    label: str = ""
    created_s: float = 0.0
    epochs: int = 0


def keep_known(values: dict[str, Any], kind: type[RunStatus] | type[RunMeta]) -> dict[str, Any]:
    """Leave out what a newer version may have written."""
    known = {spec.name for spec in fields(kind)}
    return {key: value for key, value in values.items() if key in known}


def describe_status(status: RunStatus, history: Sequence[Mapping[str, float]] = ()) -> str:
    """One line one can read across a room.

    Args:
        status: from `inspect_run`.
        history: the epochs so far.
    """
    if status.is_hanging:
        return "Hanging: nothing has happened for too long"
    if status.state == "queued":
        others = status.position - 1
        place = "next" if others <= 0 else f"{others} before it"
        return f"In the queue, {place}"
    if status.state == "training":
        return " · ".join(_describe_training(status, history))
    if status.state in _FINAL:
        return " · ".join([_FINAL[status.state], *_describe_end(status, history)])
    # Downloads tell their figures in the state itself.
    return _BEFORE.get(status.state, status.state[:1].upper() + status.state[1:])


def describe_state(status: RunStatus) -> str:
    """The same in one or two words, for a list."""
    if status.state in _FINAL:
        return status.state
    if status.state == "waiting":
        return "not started"
    # A list is not drawn anew each second: what changes soon would be wrong.
    return "queued" if status.state == "queued" else "running"


def format_duration(seconds: float) -> str:
    """Seconds as a person says them: 8 s, 3 min 20 s, 2 h 5 min."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole < 600 else f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _describe_training(status: RunStatus, history: Sequence[Mapping[str, float]]) -> list[str]:
    parts = [f"Epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"]
    parts += _describe_accuracy(history)
    if not history and "accuracy" in status.metrics:
        parts.append(f"{status.metrics['accuracy']:.1%} on training data")
    if status.eta_s >= 0:
        parts.append(f"{format_duration(status.eta_s)} left")
    return parts


def _describe_end(status: RunStatus, history: Sequence[Mapping[str, float]]) -> list[str]:
    if "test_accuracy" in status.metrics:
        return [f"{status.metrics['test_accuracy']:.2%} on test digits", f"{status.epoch} epochs"]
    parts = _describe_accuracy(history)
    return [*parts, f"{len(history)} of {status.epochs} epochs"] if parts else []


def _describe_accuracy(history: Sequence[Mapping[str, float]]) -> list[str]:
    if not history:
        return []
    last = history[-1]
    if "val_accuracy" in last:
        return [f"{last['val_accuracy']:.1%} on validation"]
    return [f"{last['accuracy']:.1%} on training data"] if "accuracy" in last else []
