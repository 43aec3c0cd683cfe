"""Download a data set's files with pooch: resumable by retry, verified by sha256."""

import gzip
import hashlib
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import requests
import urllib3

from digitlab.datasets.registry import DatasetSpec, RemoteFile
from digitlab.errors import DatasetCorruptError, DatasetUnavailableError

Progress = Callable[[int, int], None]
RETRIES = 2
_TIMEOUT_S = (5.0, 30.0)
_NO_CONNECTION = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
)

Arrays = dict[str, np.ndarray]
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
# What the readers below raise for a file that is not what they expect.
_READ_ERRORS = (
    OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError,
    zipfile.BadZipFile, zlib.error, tarfile.TarError,
)  # fmt: skip
_IDX_HEADER_BYTES = {1: 8, 3: 16}


def format_download_progress(done_bytes: int, total_bytes: int) -> str:
    """The progress of a download: 3 of 11 MB."""
    return f"{done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"


def fetch_files(spec: DatasetSpec, folder: Path, progress: Progress | None = None) -> list[Path]:
    """Download the files of a data set that `folder` lacks or holds damaged.

    Args:
        progress: called with bytes done and bytes in all, for each file.
    Returns:
        The files' paths, in the order of `spec.files`.
    Raises:
        DatasetUnavailableError: a file could not be downloaded, or arrived damaged.
    """
    # Late: the app reads data sets too, and opens before the training packages are installed.
    import pooch

    keeper = pooch.create(
        path=folder,
        base_url="",
        registry={file.name: f"sha256:{file.sha256}" for file in spec.files},
        urls={file.name: file.url for file in spec.files},
        retry_if_failed=RETRIES,
    )
    pooch.get_logger().setLevel("WARNING")
    downloader = _build_downloader(progress)
    try:
        return [Path(keeper.fetch(file.name, downloader=downloader)) for file in spec.files]
    except (_UnreachableError, requests.RequestException, OSError, ValueError) as error:
        # pooch reports a wrong hash as ValueError, after its retries.
        raise DatasetUnavailableError(
            f"{spec.label} could not be downloaded ({_shorten(error)})."
        ) from error


def _shorten(error: Exception) -> str:
    if isinstance(error, _UnreachableError | requests.ConnectionError):
        return "no connection to the publisher's server"
    return str(error).splitlines()[0][:200]


class _UnreachableError(Exception):
    """Nobody answers: what pooch does not try again."""


def _build_downloader(progress: Progress | None) -> Callable[..., object]:
    """What tries again after a broken transfer, but not where there is no connection at all.

    Without that every training on the offline sample would begin seconds later.
    """
    import pooch

    download = pooch.HTTPDownloader(
        progressbar=_ProgressAdapter(progress) if progress else False, timeout=_TIMEOUT_S
    )

    def download_if_reachable(*arguments: object, **options: object) -> object:
        try:
            return download(*arguments, **options)
        except requests.ConnectionError as error:
            cause = error.args[0] if error.args else None
            if isinstance(getattr(cause, "reason", cause), _NO_CONNECTION):
                raise _UnreachableError from error
            raise

    return download_if_reachable


class _ProgressAdapter:
    """Turns pooch's tqdm-like calls into one callable."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0
        self.total = 0

    def update(self, n_bytes: int) -> None:
        self._done = min(self._done + n_bytes, self.total) if self.total else self._done + n_bytes
        self._progress(self._done, self.total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        self._done = 0


def read_arrays(spec: DatasetSpec, paths: Sequence[Path]) -> Arrays:
    """Read and verify a data set.

    Args:
        spec: which data set the files must be.
        paths: its files, in the order of `spec.files`.
    Returns:
        `x_train`, `y_train`, `x_test`, `y_test`, all uint8; labels `(n,)`.
    Raises:
        DatasetCorruptError: a file is truncated, or its content is not the published one.
    """
    try:
        # An .npz is known by its arrays, so that the same data in another container will do.
        if not (spec.layout == "npz" and spec.array_sha256):
            for remote, path in zip(spec.files, paths, strict=True):
                _verify_file(remote, path)
        arrays = _READERS[spec.layout](paths)
    except _READ_ERRORS as error:
        raise DatasetCorruptError(_describe_damage(paths[0], str(error))) from error
    _verify_arrays(spec, arrays, paths[0])
    return arrays


def _verify_file(remote: RemoteFile, path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != remote.sha256:
        raise DatasetCorruptError(
            _describe_damage(path, f"its sha256 is {found[:12]}…, not {remote.sha256[:12]}…")
        )


def _verify_arrays(spec: DatasetSpec, arrays: Arrays, path: Path) -> None:
    expected = {
        "x_train": (spec.n_train, *spec.image_shape),
        "y_train": (spec.n_train,),
        "x_test": (spec.n_test, *spec.image_shape),
        "y_test": (spec.n_test,),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise DatasetCorruptError(
                _describe_damage(path, f"{name} has shape {arrays[name].shape}, not {shape}")
            )
    for name, sha256 in spec.array_sha256.items():
        if hashlib.sha256(arrays[name].tobytes()).hexdigest() != sha256:
            raise DatasetCorruptError(
                _describe_damage(path, f"the content of {name} is not the published one")
            )


def _describe_damage(path: Path, reason: str) -> str:
    return f"{path} is damaged or was changed ({reason}); it is not used. Delete it or replace it."


def _read_npz(paths: Sequence[Path]) -> Arrays:
    with np.load(paths[0], allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in ARRAY_NAMES}
    for name, array in arrays.items():
        narrow = array.astype(np.uint8)
        if not np.array_equal(narrow, array):
            raise ValueError(f"{name} holds values outside 0 to 255")
        arrays[name] = narrow
    return arrays


def _read_idx(paths: Sequence[Path]) -> Arrays:
    return {name: _read_idx_file(path) for name, path in zip(ARRAY_NAMES, paths, strict=True)}


def _read_idx_file(path: Path) -> np.ndarray:
    """One IDX file: two zero bytes, type 8 (uint8), rank, big-endian sizes, then the values."""
    raw = gzip.decompress(path.read_bytes())
    rank = raw[3]
    header = _IDX_HEADER_BYTES[rank]
    shape = np.frombuffer(raw[4:header], dtype=">u4").astype(int)
    return np.frombuffer(raw, dtype=np.uint8, offset=header).reshape(tuple(shape))


def _read_cifar(paths: Sequence[Path]) -> Arrays:
    with tarfile.open(paths[0]) as archive:
        train = [_read_cifar_batch(archive, f"data_batch_{k}") for k in range(1, 6)]
        x_test, y_test = _read_cifar_batch(archive, "test_batch")
    return {
        "x_train": np.concatenate([images for images, _ in train]),
        "y_train": np.concatenate([labels for _, labels in train]),
        "x_test": x_test,
        "y_test": y_test,
    }


def _read_cifar_batch(archive: tarfile.TarFile, name: str) -> tuple[np.ndarray, np.ndarray]:
    member = archive.extractfile(f"cifar-10-batches-py/{name}")
    if member is None:
        raise KeyError(name)
    # A pickle can run code: it is opened only after the archive's sha256 was verified.
    batch: dict[bytes, Any] = pickle.load(member, encoding="bytes")
    images = np.asarray(batch[b"data"], dtype=np.uint8).reshape(-1, 3, 32, 32)
    return images.transpose(0, 2, 3, 1).copy(), np.asarray(batch[b"labels"], dtype=np.uint8)


_READERS = {"npz": _read_npz, "idx": _read_idx, "cifar": _read_cifar}
