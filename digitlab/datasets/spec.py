"""What is known about a data set without loading it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from digitlab.datasets.user_datasets import IMAGES_FILE


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set: its address, size, sha256 and its names in Keras's cache."""

    name: str
    url: str
    size_bytes: int
    sha256: str
    keras_cache_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetSpec:
    """One data set.

    Code branches on these fields, never on the id, so that a new data set is one row of the table
    in `registry.py`.

    Attributes:
        image_shape: `(h, w)` for grey images, `(h, w, 3)` for colour.
        layout: file format: "npz", "idx", "cifar", "jpeg" or "part", each with a parser in
            `sources.py`; "derived" for a set without files.
        array_sha256: sha256 of each array's bytes as uint8 in C order, where it is known. Files
            in another container are accepted when their arrays match.
        is_digits: whether the classes are the ten digits 0 to 9 on 28x28 grey images, and nothing
            else but possibly "no digit" as the eleventh. A model trained on it can read
            handwriting; all its outputs after the tenth are read as "no digit".
        has_sample: whether the offline sample can replace the full set.
        base: the data set that a derived set loads its images from and is tested on.
        synthesis: which generated images are added for training; None adds nothing.
        copy_of: id of the data set of which this is an unofficial copy; "" for an original.
        note: a sentence shown wherever results on this data set are.
        folder: of a user's data set: the folder with its files. None for a published one.
    """

    id: str
    label: str
    image_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    n_train: int
    n_test: int
    files: tuple[RemoteFile, ...]
    layout: str
    licence: str
    homepage: str
    array_sha256: Mapping[str, str] = field(default_factory=dict)
    is_digits: bool = False
    has_sample: bool = False
    base: "DatasetSpec | None" = None
    synthesis: Literal["handwriting"] | None = None
    copy_of: str = ""
    note: str = ""
    folder: Path | None = None

    @property
    def base_spec(self) -> "DatasetSpec":
        """The data set that files and test images come from: its base, or itself."""
        return self.base or self

    @property
    def is_deleted(self) -> bool:
        """Whether the user has deleted its images: its runs can be shown, but not repeated."""
        return self.folder is not None and not (self.folder / IMAGES_FILE).is_file()
