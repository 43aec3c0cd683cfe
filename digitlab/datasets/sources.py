"""Download a data set's files with pooch, verify them by sha256 and parse them."""

import gzip
import hashlib
import io
import os
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import requests
import urllib3
from PIL import Image

from digitlab.datasets.spec import DatasetSpec, RemoteFile
from digitlab.errors import DatasetCorruptError, DatasetUnavailableError, describe_error
from digitlab.jobs import ProgressCallback

RETRIES = 2
_TIMEOUT_S = (5.0, 30.0)
_NO_CONNECTION = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
)

Arrays = dict[str, np.ndarray]
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
# Raised by the parsers below for a file of unexpected content.
_PARSE_ERRORS = (
    OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError,
    zipfile.BadZipFile, zlib.error, tarfile.TarError, pickle.UnpicklingError,
)  # fmt: skip
_IDX_HEADER_BYTES = {1: 8, 3: 16}


def format_download_progress(done_bytes: int, total_bytes: int) -> str:
    """Format the progress of a download: 3 of 11 MB."""
    return f"{done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"


def fetch_files(
    spec: DatasetSpec, folder: Path, progress: ProgressCallback | None = None
) -> list[Path]:
    """Download the files of a data set that are missing or damaged in `folder`.

    Args:
        progress: called with the bytes done and in all, for each file.
    Returns:
        The files' paths, in the order of `spec.files`.
    Raises:
        DatasetUnavailableError: a file could not be downloaded, or arrived damaged.
    """
    # Not at the top: the app loads data sets too, and starts before pooch is installed.
    import pooch

    cache = pooch.create(
        path=folder,
        base_url="",
        registry={file.name: f"sha256:{file.sha256}" for file in spec.files},
        urls={file.name: file.url for file in spec.files},
        retry_if_failed=RETRIES,
    )
    pooch.get_logger().setLevel("WARNING")
    downloader = _build_downloader(progress)
    try:
        return [Path(cache.fetch(file.name, downloader=downloader)) for file in spec.files]
    except (_UnreachableError, requests.RequestException, OSError, ValueError) as error:
        # pooch reports a wrong hash as ValueError, after its retries.
        raise DatasetUnavailableError(
            f"{spec.label} could not be downloaded ({_describe(error)})."
        ) from error


def _describe(error: Exception) -> str:
    if isinstance(error, _UnreachableError | requests.ConnectionError):
        return "no connection to the publisher's server"
    return describe_error(error)


class _UnreachableError(Exception):
    """There is no connection at all, so that pooch must not retry."""


def _build_downloader(progress: ProgressCallback | None) -> Callable[..., object]:
    """A downloader that pooch retries after a broken transfer, but not without a connection.

    Otherwise every run on the offline sample would start seconds later.
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
    """Passes the calls that pooch makes to a tqdm bar to a progress callback."""

    def __init__(self, progress: ProgressCallback) -> None:
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
    """Parse a data set. Its files may come from anywhere: nothing in them is executed.

    Args:
        spec: the data set that the files must contain.
        paths: its files, in the order of `spec.files`.
    Returns:
        `x_train`, `y_train`, `x_test`, `y_test`, all uint8; labels `(n,)`.
    Raises:
        DatasetCorruptError: a file is truncated or has another format, or there are more or fewer
            images than published, or of another shape.
    """
    try:
        arrays = _PARSERS[spec.layout](paths)
    except _PARSE_ERRORS as error:
        raise DatasetCorruptError(_describe_damage(paths[0], describe_error(error))) from error
    _check_shapes(spec, arrays, paths[0])
    return arrays


def verify(spec: DatasetSpec, paths: Sequence[Path], arrays: Arrays) -> None:
    """Check that a data set is the published one, by its arrays or else by its files.

    The same arrays in another container are accepted.

    Args:
        spec: as for `read_arrays`; a copy has nothing to compare with, and passes.
    Raises:
        DatasetCorruptError: its content differs from the published one.
    """
    for name, sha256 in spec.array_sha256.items():
        if hashlib.sha256(arrays[name].tobytes()).hexdigest() != sha256:
            raise DatasetCorruptError(
                _describe_damage(paths[0], f"the content of {name} differs from the published one")
            )
    if not spec.array_sha256 and not spec.copy_of:
        for remote, path in zip(spec.files, paths, strict=True):
            _verify_file(remote, path)


def _verify_file(remote: RemoteFile, path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != remote.sha256:
        raise DatasetCorruptError(
            _describe_damage(path, f"its sha256 is {found[:12]}…, not {remote.sha256[:12]}…")
        )


def _check_shapes(spec: DatasetSpec, arrays: Arrays, path: Path) -> None:
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


def _describe_damage(path: Path, reason: str) -> str:
    return (
        f"{path.name} is damaged or was changed ({reason}) and is not used. Delete or replace it."
    )


def _parse_npz(paths: Sequence[Path]) -> Arrays:
    with np.load(paths[0], allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in ARRAY_NAMES}
    for name, array in arrays.items():
        narrow = array.astype(np.uint8)
        if not np.array_equal(narrow, array):
            raise ValueError(f"{name} has values outside 0 to 255")
        arrays[name] = narrow
    return arrays


def _parse_idx(paths: Sequence[Path]) -> Arrays:
    return {name: _parse_idx_file(path) for name, path in zip(ARRAY_NAMES, paths, strict=True)}


def _parse_idx_file(path: Path) -> np.ndarray:
    """One IDX file: two zero bytes, type 8 (uint8), rank, big-endian sizes, then the values."""
    raw = gzip.decompress(path.read_bytes())
    rank = raw[3]
    header = _IDX_HEADER_BYTES[rank]
    shape = np.frombuffer(raw[4:header], dtype=">u4").astype(int)
    return np.frombuffer(raw, dtype=np.uint8, offset=header).reshape(tuple(shape))


def _parse_cifar(paths: Sequence[Path]) -> Arrays:
    with tarfile.open(paths[0]) as archive:
        train = [_parse_cifar_batch(archive, f"data_batch_{k}") for k in range(1, 6)]
        x_test, y_test = _parse_cifar_batch(archive, "test_batch")
    return {
        "x_train": np.concatenate([images for images, _ in train]),
        "y_train": np.concatenate([labels for _, labels in train]),
        "x_test": x_test,
        "y_test": y_test,
    }


def _parse_cifar_batch(archive: tarfile.TarFile, name: str) -> tuple[np.ndarray, np.ndarray]:
    member = archive.extractfile(f"cifar-10-batches-py/{name}")
    if member is None:
        raise KeyError(name)
    batch: dict[bytes, Any] = _ArrayUnpickler(member, encoding="bytes").load()
    images = np.asarray(batch[b"data"], dtype=np.uint8).reshape(-1, 3, 32, 32)
    return images.transpose(0, 2, 3, 1).copy(), np.asarray(batch[b"labels"], dtype=np.uint8)


class _ArrayUnpickler(pickle.Unpickler):
    """Loads dictionaries of arrays. Any other class could run code."""

    def find_class(self, module: str, name: str) -> Any:
        is_numpy = module.partition(".")[0] == "numpy"
        if is_numpy and name in ("_reconstruct", "ndarray", "dtype"):
            return super().find_class(module, name)
        if (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no array")


def _parse_jpeg(paths: Sequence[Path]) -> Arrays:
    """Each image is a JPEG file; image i is bytes end[i - 1] to end[i] of all of them."""
    with np.load(paths[0], allow_pickle=False) as archive:
        return {
            "x_train": _decode_jpegs(archive["jpeg_train"], archive["end_train"]),
            "y_train": archive["y_train"].astype(np.uint8),
            "x_test": _decode_jpegs(archive["jpeg_test"], archive["end_test"]),
            "y_test": archive["y_test"].astype(np.uint8),
        }


def _decode_jpegs(content: np.ndarray, ends: np.ndarray) -> np.ndarray:
    files = np.split(content, ends[:-1])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.stack(list(pool.map(_decode_jpeg, files)))


def _decode_jpeg(content: np.ndarray) -> np.ndarray:
    with Image.open(io.BytesIO(content.tobytes()), formats=("JPEG",)) as image:
        return np.asarray(image.convert("RGB"))


def _parse_part(paths: Sequence[Path]) -> Arrays:
    """Images without a test set: the last quarter serves as one."""
    with np.load(paths[0], allow_pickle=False) as archive:
        images, labels = archive["x"], archive["y"].astype(np.uint8)
    n_train = len(images) * 3 // 4
    return {
        "x_train": images[:n_train],
        "y_train": labels[:n_train],
        "x_test": images[n_train:],
        "y_test": labels[n_train:],
    }


_PARSERS = {
    "npz": _parse_npz,
    "idx": _parse_idx,
    "cifar": _parse_cifar,
    "jpeg": _parse_jpeg,
    "part": _parse_part,
}
