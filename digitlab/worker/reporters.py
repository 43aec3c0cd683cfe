"""Report the progress of a run's long steps before training."""

import time
from typing import Any

from digitlab.datasets.download import format_download_progress
from digitlab.errors import RunStoppedError
from digitlab.worker.status_writer import StatusWriter

_WRITE_INTERVAL_S = 0.3


class _Reporter:
    """Reports the progress of a long step; raises an error if the user stopped the run."""

    step: str
    stopped: str

    def __init__(self, status_writer: StatusWriter) -> None:
        self._status_writer = status_writer
        self._last_write_s = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last_write_s < _WRITE_INTERVAL_S:
            return
        self._last_write_s = now
        self._status_writer.heartbeat.progress(self.step)
        if self._status_writer.run.is_stop_requested():
            raise RunStoppedError(self.stopped)
        self._status_writer.update(**self._describe(done, total))

    def _describe(self, done: int, total: int) -> dict[str, Any]:
        """The changes of the status."""
        raise NotImplementedError


class DownloadReporter(_Reporter):
    """Updates the status while data or weights are downloaded, in bytes."""

    step = "download"
    stopped = "Stopped during the download."

    def _describe(self, done: int, total: int) -> dict[str, Any]:
        return {
            "state": "downloading",
            "message": format_download_progress(done, total),
            "prepared": min(1.0, done / max(total, 1)),
        }


class PreparationReporter(_Reporter):
    """Updates the status while images are generated, which takes minutes."""

    step = "data"
    stopped = "Stopped while images were being prepared."

    def __init__(self, status_writer: StatusWriter, begin: float, end: float) -> None:
        """Take the part of all preparation that is reported, as fractions."""
        super().__init__(status_writer)
        self._begin, self._end = begin, end

    def _describe(self, done: int, total: int) -> dict[str, Any]:
        return {"prepared": self._begin + (self._end - self._begin) * min(1.0, done / total)}
