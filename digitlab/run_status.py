"""Where a run stands, and what is known of it besides its settings."""

from dataclasses import dataclass, field, fields
from typing import Any

from digitlab.processes import ProcessMark

FINAL_STATES = ("done", "stopped", "cancelled", "failed", "interrupted")


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
    def process(self) -> ProcessMark:
        """The worker."""
        return ProcessMark(self.pid, self.process_started_s)


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
