"""The digits that a run is to learn, in its directory."""

from pathlib import Path

import numpy as np

from digitlab.training.teaching import TaughtDigits

_FILE = "taught.npz"


def save_taught_digits(directory: Path, digits: TaughtDigits) -> None:
    """Save them before the run starts."""
    np.savez_compressed(
        directory / _FILE,
        images=digits.images,
        labels=digits.labels,
        is_held_out=digits.is_held_out,
    )


def load_taught_digits(directory: Path) -> TaughtDigits | None:
    """The digits to learn; None in a run of other data only."""
    try:
        with np.load(directory / _FILE, allow_pickle=False) as arrays:
            return TaughtDigits(arrays["images"], arrays["labels"], arrays["is_held_out"])
    except FileNotFoundError:
        return None
