"""Where a run stands, in words for people. No Keras here."""

from collections.abc import Mapping, Sequence

from digitlab.run_status import RunStatus

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
