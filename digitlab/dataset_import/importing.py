"""A zip or folder of labelled pictures becomes a data set of the user's.

The class of a picture is the name of its folder. Pictures are cropped and scaled to one size,
exact duplicates are left out, and the rest is split into training and test images. The same
pictures always give the same split.
"""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from digitlab.datasets.registry import DATASETS
from digitlab.datasets.user_datasets import UserDataset, check_label, save_user_dataset
from digitlab.errors import InkError, LabelledFilesError
from digitlab.hosting_limits import get_limits
from digitlab.inference.labelled_files import (
    MAX_ZIP_PIXELS,
    LabelledFile,
    build_nothing_found_error,
    list_folder,
    open_zip,
    read_contents,
)
from digitlab.inference.photos import fit_photo
from digitlab.ink import decode_picture
from digitlab.jobs import ProgressCallback
from digitlab.owners import LOCAL_OWNER

IMAGE_SIZES_PX = (32, 48, 64, 96, 128)
DEFAULT_IMAGE_PX = 64
MIN_CLASSES, MAX_CLASSES = 2, 100
# One for testing; four for training, as many as the nearest training images that pages show.
MIN_IMAGES_PER_CLASS = 5
MAX_CLASS_NAME_LENGTH = 60
# Of all images together; the worker holds them in memory.
MAX_ARRAY_BYTES = 400_000_000
_TEST_FRACTION = 0.2
_NOT_IN_A_FOLDER = "not in the folder of a class"
_UNREADABLE = "damaged, too large or not a picture"

# By class: the sha256 of an image's pixels, and the image.
_Classes = dict[str, list[tuple[str, np.ndarray]]]


def describe_resize_rule(image_px: int) -> str:
    """How a picture becomes an image, as a sentence."""
    return (
        "The square in the middle of each picture, upright as the camera held it, is scaled to "
        f"{image_px}×{image_px} pixels in colour."
    )


def import_pictures(
    source: Path | BinaryIO,
    label: str,
    *,
    image_px: int = DEFAULT_IMAGE_PX,
    progress: ProgressCallback | None = None,
    owner: str = LOCAL_OWNER,
) -> UserDataset:
    """Make a data set of labelled pictures and save it.

    Args:
        source: a folder, or a zip archive as a path or a seekable binary file.
        label: the data set's name.
        image_px: one of `IMAGE_SIZES_PX`.
        progress: called with files done and the number of files.
        owner: of the data set.
    Returns:
        The new data set; the old one if the same pictures were imported before.
    Raises:
        LabelledFilesError: the pictures are no data set: too few or too many classes, too few
            images in a class, or limits are exceeded.
        DatasetError: the name is invalid, or the data set cannot be saved.
    """
    label = check_label(label)
    if image_px not in IMAGE_SIZES_PX:
        sizes = ", ".join(map(str, IMAGE_SIZES_PX))
        raise LabelledFilesError(f"The image size is {image_px} pixels; it must be one of {sizes}.")
    limits = get_limits(owner)
    max_bytes = MAX_ARRAY_BYTES if limits is None else min(MAX_ARRAY_BYTES, 1e6 * limits.dataset_mb)
    skipped: Counter[str] = Counter()
    read = partial(_read_classes, image_px=image_px, skipped=skipped, progress=progress,
                   max_bytes=max_bytes)  # fmt: skip
    if isinstance(source, Path) and (source.is_dir() or not source.exists()):
        files = list_folder(source, skipped)
        classes = read(files, max_pixels=None)
    else:
        with open_zip(source, skipped) as files:
            classes = read(files, max_pixels=MAX_ZIP_PIXELS)
    n_duplicates, n_conflicts = _remove_duplicates(classes)
    names = sorted(classes, key=_sort_naturally)
    _check_sizes(classes, names)
    images = [_sort_by_hash(classes[name]) for name in names]
    draft = UserDataset(
        id="",
        label=label,
        class_names=names,
        image_px=image_px,
        n_train=sum(len(part) - _count_test_images(len(part)) for part in images),
        n_test=sum(_count_test_images(len(part)) for part in images),
        counts=[len(part) for part in images],
        resize_rule=describe_resize_rule(image_px),
        n_duplicates=n_duplicates,
        n_conflicts=n_conflicts,
        skipped=dict(+skipped),
        content_sha256=_hash_content(classes, names, image_px),
        owner=owner,
    )
    return save_user_dataset(draft, split_images(images), reserved_ids=frozenset(DATASETS))


def split_images(images: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Split each class into test and training images.

    Args:
        images: of each class, `(n, px, px, 3)` in a fixed order, n > 1; the first are for testing.
    Returns:
        `x_train`, `y_train`, `x_test`, `y_test`, uint8. The first training images contain the
        classes in their proportions, and so do the last: a training fraction takes the first
        images, and validation the last.
    """
    labels = [np.full(len(part), k, np.uint8) for k, part in enumerate(images)]
    n_test = [_count_test_images(len(part)) for part in images]
    x_train = np.concatenate([part[n:] for part, n in zip(images, n_test, strict=True)])
    y_train = np.concatenate([part[n:] for part, n in zip(labels, n_test, strict=True)])
    # Where in its class an image is, 0 to 1.
    position = np.concatenate(
        [(np.arange(len(part) - n) + 0.5) / (len(part) - n)
         for part, n in zip(images, n_test, strict=True)]
    )  # fmt: skip
    order = np.lexsort((y_train, position))
    return {
        "x_train": x_train[order],
        "y_train": y_train[order],
        "x_test": np.concatenate([part[:n] for part, n in zip(images, n_test, strict=True)]),
        "y_test": np.concatenate([part[:n] for part, n in zip(labels, n_test, strict=True)]),
    }


def _count_test_images(n: int) -> int:
    return max(1, round(_TEST_FRACTION * n))


def _read_classes(
    files: Sequence[LabelledFile],
    *,
    image_px: int,
    skipped: Counter[str],
    progress: ProgressCallback | None,
    max_pixels: int | None,
    max_bytes: float,
) -> _Classes:
    """Decode all pictures: by class, pairs of the pixels' sha256 and the image."""
    in_folders = [file for file in files if file.label]
    skipped[_NOT_IN_A_FOLDER] += len(files) - len(in_folders)
    class_names = {file.label: _check_class_name(file.label) for file in in_folders}
    _check_class_count(len(set(class_names.values())), skipped)
    _check_array_size(len(in_folders), image_px, max_bytes)
    classes: _Classes = {name: [] for name in class_names.values()}
    contents = read_contents(in_folders, skipped, progress, max_pixels=max_pixels)
    for file, content in contents:
        try:
            image = fit_photo(decode_picture(content), (image_px, image_px, 3))
        except InkError:
            skipped[_UNREADABLE] += 1
            continue
        sha256 = hashlib.sha256(image.tobytes()).hexdigest()
        classes[class_names[file.label]].append((sha256, image))
    return classes


def _check_class_name(name: str) -> str:
    """A class name with single spaces, its accents composed.

    Raises:
        LabelledFilesError: it is too long or not printable.
    """
    clean = " ".join(unicodedata.normalize("NFC", name).split())
    if not clean or not clean.isprintable():
        raise LabelledFilesError(
            f"The folder {name!r} has a name with control characters. Rename it: its name is that "
            "of a class."
        )
    if len(clean) > MAX_CLASS_NAME_LENGTH:
        raise LabelledFilesError(
            f"The name of the class “{clean[:20]}…” has {len(clean)} characters; at most "
            f"{MAX_CLASS_NAME_LENGTH} are allowed. Rename the folder."
        )
    return clean


def _check_class_count(n: int, skipped: Counter[str]) -> None:
    if MIN_CLASSES <= n <= MAX_CLASSES:
        return
    if not n:
        raise build_nothing_found_error(
            "pictures",
            +skipped,
            "Sort them into one folder for each class, such as rose/photo.jpg,",
        )
    found = "only 1 class" if n == 1 else f"{n:,} classes"
    raise LabelledFilesError(
        f"There are pictures of {found}; a data set has {MIN_CLASSES} to {MAX_CLASSES} classes, "
        "each in a folder of its own."
    )


def _check_array_size(n: int, image_px: int, max_bytes: float) -> None:
    n_bytes = n * image_px**2 * 3
    if n_bytes <= max_bytes:
        return
    fitting = [px for px in IMAGE_SIZES_PX if n * px**2 * 3 <= max_bytes]
    advice = f"Choose {fitting[-1]} pixels" if fitting else "Leave pictures out"
    raise LabelledFilesError(
        f"{n:,} images of {image_px}×{image_px} pixels take {n_bytes / 1e6:,.0f} MB; the limit is "
        f"{max_bytes / 1e6:,.0f} MB. {advice}."
    )


def _remove_duplicates(classes: _Classes) -> tuple[int, int]:
    """Keep one of equal images in a class, and none that is in several classes.

    Returns:
        How many were removed for either reason.
    """
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for name, images in classes.items():
        for sha256, _ in images:
            homes[sha256].add(name)
    n_duplicates = n_conflicts = 0
    for name, images in classes.items():
        unique = {sha256: image for sha256, image in images if len(homes[sha256]) == 1}
        n_conflicting = sum(len(homes[sha256]) > 1 for sha256, _ in images)
        n_conflicts += n_conflicting
        n_duplicates += len(images) - n_conflicting - len(unique)
        classes[name] = list(unique.items())
    return n_duplicates, n_conflicts


def _check_sizes(classes: _Classes, names: Sequence[str]) -> None:
    small = [name for name in names if len(classes[name]) < MIN_IMAGES_PER_CLASS]
    if not small:
        return
    n = len(classes[small[0]])
    found = "no image" if not n else "only 1 image" if n == 1 else f"only {n} images"
    others = f", and {len(small) - 1:,} more classes have too few" if len(small) > 1 else ""
    raise LabelledFilesError(
        f"The class “{small[0]}” has {found} that can be used{others}; each class needs at least "
        f"{MIN_IMAGES_PER_CLASS} different ones."
    )


def _sort_by_hash(images: list[tuple[str, np.ndarray]]) -> np.ndarray:
    """The images of a class in an order that depends on their content only."""
    return np.stack([image for _, image in sorted(images, key=lambda pair: pair[0])])


def _sort_naturally(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key by which "2" comes before "10"."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    keys = [(0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts]
    return keys, name


def _hash_content(classes: _Classes, names: Sequence[str], image_px: int) -> str:
    """The same for the same pictures, whatever their file names and their order are."""
    parts = [str(image_px)]
    for name in names:
        parts += [name, *sorted(sha256 for sha256, _ in classes[name])]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
