"""The worker's side of `status.json`: one status, changed field by field. Must not import Keras."""

import threading
import time
from dataclasses import replace
from typing import Any

from digitlab.processes import identify_process
from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.health import HeartbeatWriter
from digitlab.runs.run import Run
from digitlab.runs.status import RunStatus


class StatusWriter:
    """Writes the status of a run; `heartbeat` says that the worker makes progress."""

    def __init__(self, run: Run, heartbeat: HeartbeatWriter) -> None:
        identity = identify_process()
        self.run = run
        self.heartbeat = heartbeat
        # A resumed run continues from its checkpoint; a new run has none.
        self.status = RunStatus(
            epoch=find_checkpoint(run),
            epochs=run.read_meta().epochs,
            pid=identity.pid,
            process_started_s=identity.started_s,
        )
        self._begin_s = time.monotonic()
        # Notes may come from another thread.
        self._lock = threading.RLock()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the worker took the run."""
        return time.monotonic() - self._begin_s

    def update(self, **changes: Any) -> None:
        """Change some fields of the status and write it."""
        with self._lock:
            self.status = replace(self.status, **changes)
            self.run.write_status(self.status)

    def add_note(self, sentence: str) -> None:
        """Add what the user should know although training continues."""
        with self._lock:
            if sentence not in self.status.notes:
                self.update(notes=(*self.status.notes, sentence))
