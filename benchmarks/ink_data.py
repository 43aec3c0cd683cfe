"""The data folder of a benchmark, and the part of a set that no model was trained on."""

import sys
from pathlib import Path

from benchmarks.reading.items import InkItem, InkSet
from digitlab.paths import get_data_dir


def get_data_folder() -> Path:
    """Return the folder in the first argument or in DIGITLAB_DATA; exit without one."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else get_data_dir()
    if folder is None:
        sys.exit("Pass the data folder, or set DIGITLAB_DATA.")
    return folder


def select_held_out(ink_set: InkSet) -> tuple[InkItem, ...]:
    """Return the items of held-out writers; all items of a set without writers."""
    return tuple(item for item in ink_set.items if item.is_held_out) or ink_set.items
