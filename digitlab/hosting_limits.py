"""What a visitor of a hosted app may use: `[hosting]` in `digitlab.toml`.

The limits are for visitors: the owner at home, and the command line, have none.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from digitlab.errors import LimitError
from digitlab.files import measure_free_disk
from digitlab.log import log_event
from digitlab.owners import LOCAL_OWNER
from digitlab.settings_file import load_section

WAY_OUT = "At home (make run) there is no such limit."


@dataclass(frozen=True)
class HostingLimits:
    """One field for each line of the settings file, which explains them."""

    trainings_at_once: int
    trainings_per_hour: int
    epochs: int
    minutes: float
    training_images: int
    queue_length: int
    training_mb: float
    search_minutes: float
    models: int
    models_mb: float
    datasets: int
    dataset_mb: float
    upload_mb: float
    uploads_mb: float
    all_uploads_mb: float
    free_disk_mb: float
    keep_days: float

    def is_expired(self, owner: str, since_s: float) -> bool:
        """Whether what a visitor left at a moment is to be deleted."""
        return owner != LOCAL_OWNER and time.time() - since_s > self.keep_days * 24 * 3600


def get_limits(owner: str) -> HostingLimits | None:
    """The limits of an owner; None for the owner at home, who has none.

    Raises:
        ConfigError: the settings file or an environment variable is invalid.
    """
    return None if owner == LOCAL_OWNER else load_limits()


def load_limits() -> HostingLimits:
    """The limits of visitors.

    Raises:
        ConfigError: the settings file or an environment variable is invalid.
    """
    return load_section("hosting", HostingLimits)


def check_limit(is_within: bool, sentence: str) -> None:
    """Reject what goes beyond a limit.

    Args:
        sentence: which limit was reached.
    Raises:
        LimitError: it is not within the limit; the message says the way out.
    """
    if not is_within:
        log_event("limit_reached", sentence=sentence)
        raise LimitError(f"{sentence} {WAY_OUT}")


def check_disk(limits: HostingLimits, folder: Path) -> None:
    """Check that a visitor may write more to a disk.

    Raises:
        LimitError: too little space is free.
    """
    check_limit(
        measure_free_disk(folder) / 1e6 >= limits.free_disk_mb,
        "This server's disk is nearly full, so nothing new can be started. Try again tomorrow.",
    )
