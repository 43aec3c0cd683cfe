"""Load a data set from the user's folder, a cache, a download, or the offline sample."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from digitlab.datasets.registry import (
    COPIES,
    SAMPLE_NOTE,
    UNVERIFIED_NOTE,
    check_is_not_deleted,
    get_dataset_spec,
)
from digitlab.datasets.sample import load_sample
from digitlab.datasets.sources import Arrays, read_arrays, verify
from digitlab.datasets.spec import DatasetSpec
from digitlab.errors import DatasetCorruptError, DatasetUnavailableError
from digitlab.paths import get_cache_dir, get_data_dir, get_keras_data_dir

if TYPE_CHECKING:
    from digitlab.jobs import ProgressCallback

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Source:
    """A place where a data set, or a copy of it, may be.

    Attributes:
        label: for messages.
        find: returns the files' paths, or None without them.
        may_be_unverified: whether content that differs from the published one is used, with a note.
    """

    label: str
    spec: DatasetSpec
    find: Callable[[], list[Path] | None]
    may_be_unverified: bool = False


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

    In order: the folder named by `DIGITLAB_DATA`, Keras's cache, digitlab's own cache, a copy in
    the folder (`COPIES`), the publisher's server, the offline sample. A user's data set is in its
    own folder only. For a derived data set this loads its base. A damaged file is skipped for the
    next source, and the error is added to `load_errors`. Content that differs from the published
    one is used from the folder only, and noted.

    Args:
        dataset: an id of the registry, or a spec.
        progress: called with the bytes done and in all while downloading.
        may_download: whether files may be downloaded from the publisher's server.
    Raises:
        ConfigError: no data set has this id.
        DatasetUnavailableError: no source has it, and the message lists the sources' errors; or
            the user has deleted it.
    """
    spec = get_dataset_spec(dataset) if isinstance(dataset, str) else dataset
    spec = spec.base_spec
    check_is_not_deleted(spec)
    load_errors: list[str] = []
    sources = _list_local_sources(spec)
    if may_download and spec.folder is None:
        sources.append(_build_server_source(spec, progress))
    found = _read_first(sources, load_errors)
    if found is not None:
        return found
    if spec.has_sample:
        return _build_dataset(spec, load_sample(), "offline sample", load_errors, is_sample=True)
    if spec.folder is not None:
        raise DatasetUnavailableError(
            f"{spec.label} is unavailable: {' '.join(load_errors)} Delete the data set and import "
            "its pictures again."
        )
    raise DatasetUnavailableError(
        f"{spec.label} is unavailable: {' '.join(load_errors)} Connect to the internet, or put "
        f"{', '.join(file.name for file in spec.files)} into a folder and set DIGITLAB_DATA to it."
    )


def load_local_dataset(
    dataset: str, *, is_sample: bool = False, copy_id: str = ""
) -> Dataset | None:
    """Load a data set from local files only; None without them.

    Args:
        dataset: an id of the registry.
        is_sample: whether to load the offline sample instead of the full set.
        copy_id: of the copy to load instead of the original.
    Raises:
        ConfigError: no data set has this id.
    """
    spec = get_dataset_spec(dataset).base_spec
    if is_sample:
        try:
            return _build_dataset(spec, load_sample(), "offline sample", [], is_sample=True)
        except DatasetUnavailableError:
            return None
    sources = [one for one in _list_local_sources(spec) if one.spec.id == (copy_id or spec.id)]
    return _read_first(sources, [])


def measure_download_bytes(dataset: str) -> int:
    """How much a run on this data set downloads; 0 if it is on this machine.

    Raises:
        ConfigError: no data set has this id.
    """
    spec = get_dataset_spec(dataset).base_spec
    if spec.folder is not None or any(
        source.find() is not None for source in _list_local_sources(spec)
    ):
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
    found = [source.find() or [] for source in _list_local_sources(spec)]
    return tuple((str(path), path.stat().st_mtime_ns) for paths in found for path in paths)


def _read_first(sources: list[_Source], load_errors: list[str]) -> Dataset | None:
    """Load from the first working source; errors of the others are appended to `load_errors`."""
    for source in sources:
        try:
            paths = source.find()
            if paths is not None:
                return _read(source, paths, load_errors)
        except (DatasetCorruptError, DatasetUnavailableError) as error:
            _log.warning("%s", error)
            load_errors.append(str(error))
    return None


def _read(source: _Source, paths: list[Path], load_errors: list[str]) -> Dataset:
    arrays = read_arrays(source.spec, paths)
    notes: tuple[str, ...] = (source.spec.note,) if source.spec.note else ()
    try:
        verify(source.spec, paths, arrays)
    except DatasetCorruptError:
        if not source.may_be_unverified:
            raise
        notes += (UNVERIFIED_NOTE,)
    return _build_dataset(source.spec, arrays, source.label, load_errors, notes=notes)


def _list_local_sources(spec: DatasetSpec) -> list[_Source]:
    if spec.folder is not None:
        return [_Source("the user's data sets", spec, partial(_find_in, spec.folder, spec))]
    caches = [
        _Source("Keras's cache", spec, partial(_find_in, get_keras_data_dir(), spec)),
        _Source("digitlab's cache", spec, partial(_find_in, _get_cache_dir(spec), spec)),
    ]
    folder = get_data_dir()
    if folder is None:
        return caches
    original, *copies = (
        _Source(f"the folder {folder}", each, partial(_find_in, folder, each), True)
        for each in (spec, *(copy for copy in COPIES if copy.copy_of == spec.id))
    )
    return [original, *caches, *copies]


def _build_server_source(spec: DatasetSpec, progress: "ProgressCallback | None") -> _Source:
    def fetch() -> list[Path]:
        # Not at the top: pages open without the packages for downloads.
        from digitlab.datasets.download import fetch_files

        return fetch_files(spec, _get_cache_dir(spec), progress)

    return _Source("the publisher's server", spec, fetch)


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
    notes: tuple[str, ...] = (),
) -> Dataset:
    return Dataset(
        spec,
        arrays["x_train"],
        arrays["y_train"],
        arrays["x_test"],
        arrays["y_test"],
        source,
        is_sample,
        notes=(SAMPLE_NOTE,) if is_sample else notes,
        load_errors=tuple(load_errors),
    )
