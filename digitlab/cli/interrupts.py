"""Ctrl-C while the command line follows a process."""

import signal
from types import FrameType


class InterruptCounter:
    """Counts Ctrl-C while a run is followed.

    `KeyboardInterrupt` can be raised between any two instructions; a count is never lost.
    """

    def __init__(self) -> None:
        """Count from 0."""
        self.n = 0

    def __enter__(self) -> "InterruptCounter":
        self._previous = signal.signal(signal.SIGINT, self._count)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def _count(self, _signal: int, _frame: FrameType | None) -> None:
        self.n += 1
