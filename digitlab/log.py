"""The server's log: one JSON object a line, without drawings and without visitors' addresses."""

import json
import logging
from typing import Any

_LOGGER = logging.getLogger("digitlab")


def log_event(event: str, **fields: Any) -> None:
    """Log what happened; nothing is written unless `write_log` was called."""
    _LOGGER.info(event, extra={"fields": fields})


def write_log() -> None:
    """Write the events of this process to standard error from now on."""
    if _LOGGER.handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonFormatter())
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.INFO)
    _LOGGER.propagate = False


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        fields = getattr(record, "fields", {})
        return json.dumps({"time": time, "event": record.getMessage(), **fields})
