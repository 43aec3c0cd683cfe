"""Parse a data set's files and verify them by sha256."""

import gzip
import hashlib
import io
import os
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from digitlab.datasets.spec import DatasetSpec, RemoteFile
from digitlab.errors import DatasetCorruptError, describe_error

Arrays = dict[str, np.ndarray]
ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
# Raised by the parsers below for a file of unexpected content.
_PARSE_ERRORS = (
    OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError,
    zipfile.BadZipFile, zlib.error, tarfile.TarError, pickle.UnpicklingError,
)  # fmt: skip
_IDX_HEADER_BYTES = {1: 8, 3: 16}


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
