"""Find a data set: the user's folder, Keras's cache, a download, or the offline sample."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitlab.datasets.fetch import Progress, fetch_files
from digitlab.datasets.files import Arrays, read_arrays
from digitlab.datasets.registry import DatasetSpec, get_dataset_spec
from digitlab.datasets.sample import SAMPLE_NOTE, load_sample
from digitlab.errors import DatasetCorruptError, DatasetUnavailableError
from digitlab.paths import get_cache_dir, get_data_dir, get_keras_data_dir

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dataset:
    """A data set in memory.

    Attributes:
        images_train, images_test: `(n, h, w)` or `(n, h, w, 3)` uint8; for digits ink is 255.
        labels_train, labels_test: `(n,)` uint8.
        source: where it came from, for people.
        is_sample: whether it is the offline sample; then `notes` says so.
        notes: sentences a page or a report must show.
        refusals: what was wrong with the sources asked before, for the terminal; they may name
            folders of the person's machine.
    """

    spec: DatasetSpec
    images_train: np.ndarray
    labels_train: np.ndarray
    images_test: np.ndarray
    labels_test: np.ndarray
    source: str
    is_sample: bool
    notes: tuple[str, ...]
    refusals: tuple[str, ...]


def load_dataset(
    dataset: str | DatasetSpec, *, progress: Progress | None = None, may_download: bool = True
) -> Dataset:
    """Load a data set from the first source that has it.

    In order: the folder named by `DIGITLAB_DATA`, Keras's cache, digitlab's own cache, the
    publisher's server, the offline sample. For "handwriting" this loads MNIST, from which
    `handwriting.build_training` makes it. A damaged file is refused, the next source is asked
    and the refusal stands in `refusals`.

    Args:
        dataset: an id of the registry, or a spec.
        progress: called with bytes done and bytes in all while downloading.
        may_download: whether the publisher's server may be asked.
    Raises:
        ConfigError: no data set has this id.
        DatasetUnavailableError: no source has it; the message lists what was tried.
    """
    spec = get_dataset_spec(dataset) if isinstance(dataset, str) else dataset
    # A set that is made from another one has no files: `handwriting` makes it.
    spec = spec.test_spec
    refusals: list[str] = []
    for source, find in _list_sources(spec, progress, may_download=may_download):
        try:
            paths = find()
            if paths is None:
                continue
            return _pack(spec, read_arrays(spec, paths), source, refusals)
        except (DatasetCorruptError, DatasetUnavailableError) as error:
            _log.warning("%s", error)
            refusals.append(str(error))
    if spec.has_sample:
        return _pack(spec, load_sample(), "offline sample", refusals, is_sample=True)
    raise DatasetUnavailableError(
        f"{spec.label} is not to be had: {' '.join(refusals)} Connect to the internet, or put "
        f"{', '.join(file.name for file in spec.files)} into a folder and name it in DIGITLAB_DATA."
    )


def _list_sources(
    spec: DatasetSpec, progress: Progress | None, *, may_download: bool
) -> Iterator[tuple[str, Callable[[], list[Path] | None]]]:
    data_dir = get_data_dir()
    if data_dir is not None:
        yield f"the folder {data_dir}", lambda: _find_in(data_dir, spec)
    yield "Keras's cache", lambda: _find_in(get_keras_data_dir(), spec)
    own_dir = get_cache_dir() / "datasets" / spec.id
    yield "digitlab's cache", lambda: _find_in(own_dir, spec)
    if may_download:
        yield "its publisher's server", lambda: fetch_files(spec, own_dir, progress)


def _find_in(folder: Path, spec: DatasetSpec) -> list[Path] | None:
    """The data set's files in a folder, under any name they are known by; None if one lacks."""
    found = []
    for remote in spec.files:
        # Its own folder first: MNIST and Fashion-MNIST have files of the same names.
        names = (f"{spec.id}/{remote.name}", *remote.keras_cache_names, remote.name)
        path = next((folder / name for name in names if (folder / name).is_file()), None)
        if path is None:
            return None
        found.append(path)
    return found


def _pack(
    spec: DatasetSpec,
    arrays: Arrays,
    source: str,
    refusals: list[str],
    *,
    is_sample: bool = False,
) -> Dataset:
    return Dataset(
        spec,
        arrays["x_train"],
        arrays["y_train"],
        arrays["x_test"],
        arrays["y_test"],
        source,
        is_sample,
        notes=(SAMPLE_NOTE,) if is_sample else (),
        refusals=tuple(refusals),
    )
