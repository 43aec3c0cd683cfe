"""From a data set's files to arrays, refusing a file that is not what its publisher shipped."""

import gzip
import hashlib
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets.registry import DatasetSpec, RemoteFile
from digitlab.errors import DatasetCorruptError

Arrays = dict[str, np.ndarray]
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
# What the readers below raise for a file that is not what they expect.
_READ_ERRORS = (
    OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError,
    zipfile.BadZipFile, zlib.error, tarfile.TarError,
)  # fmt: skip
_IDX_HEADER_BYTES = {1: 8, 3: 16}


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
