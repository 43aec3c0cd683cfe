"""The development data on the command line of a benchmark, and what of it no model has seen."""

import sys
from pathlib import Path

from benchmarks.reading.items import InkItem, InkSet
from digitlab.paths import get_data_dir


def get_chosen_folder() -> Path:
    """The folder named as the first argument or in DIGITLAB_DATA; ends the program without one."""
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else get_data_dir()
    if chosen is None:
        sys.exit("Name the folder with the development sets, or set DIGITLAB_DATA.")
    return chosen


def keep_unseen(ink_set: InkSet) -> tuple[InkItem, ...]:
    """The items of writers who were not learned from; all where writers are not known."""
    return tuple(item for item in ink_set.items if item.is_held_out) or ink_set.items
