"""A little room on the disk, kept for the last words of a run that fills it."""

import os

from digitlab.runs import Run

_RESERVE_BYTES = 64 * 1024


class DiskReserve:
    """A file that is given up when the disk is full, so that the reason can be written."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def take(self) -> None:
        """Take the room.

        Raises:
            OSError: there is not even this much.
        """
        # Not zeros: some file systems store those in no room at all.
        (self._run.directory / ".reserve").write_bytes(os.urandom(_RESERVE_BYTES))

    def release(self) -> None:
        """Give the room back, and that of drafts that were never finished."""
        for path in self._run.directory.glob(".*"):
            path.unlink(missing_ok=True)
