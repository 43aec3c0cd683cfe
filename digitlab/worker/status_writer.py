"""What the worker tells of itself: one status, changed bit by bit. No Keras here."""

import threading
from dataclasses import replace
from typing import Any

from digitlab.processes import identify_process
from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.health import HeartbeatWriter
from digitlab.runs.run import Run
from digitlab.runs.status import RunStatus


class StatusWriter:
    """The worker's side of `status.json` and of the heartbeat."""

    def __init__(self, run: Run, heartbeat: HeartbeatWriter) -> None:
        mark = identify_process()
        self.run = run
        self.heartbeat = heartbeat
        # Where a resumption goes on from; a new run has neither yet.
        self.status = RunStatus(
            epoch=find_checkpoint(run),
            epochs=run.read_meta().epochs,
            pid=mark.pid,
            process_started_s=mark.started_s,
        )
        # Notes may come from another thread.
        self._guard = threading.RLock()

    def update(self, **changes: Any) -> None:
        """Change some fields of the status and write it."""
        with self._guard:
            self.status = replace(self.status, **changes)
            self.run.write_status(self.status)

    def note(self, sentence: str) -> None:
        """Add what a person should know although training goes on."""
        with self._guard:
            if sentence not in self.status.notes:
                self.update(notes=(*self.status.notes, sentence))
