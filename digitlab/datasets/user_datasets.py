"""The user's own data sets on this computer.

```
<user data>/datasets/flowers/
├── dataset.json    UserDataset: classes, counts, how the pictures were prepared
└── images.npz      x_train, y_train, x_test, y_test; uint8, images `(n, px, px, 3)`
```

`dataset.json` outlives the images: runs and models of a deleted data set keep their class names.
"""

import hashlib
import io
import os
import re
import shutil
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from digitlab.errors import DatasetError, DatasetUnavailableError, describe_error
from digitlab.files import load_json, replace_file, write_json
from digitlab.ids import generate_id
from digitlab.owners import LOCAL_OWNER, check_owner, is_visible
from digitlab.paths import get_user_datasets_dir
from digitlab.quantities import describe_left_out_files

CARD_FILE, IMAGES_FILE = "dataset.json", "images.npz"
MAX_LABEL_LENGTH = 60
_ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class UserDataset:
    """What `dataset.json` says.

    Attributes:
        image_px: width and height of the images.
        counts: images of each class, training and test.
        resize_rule: how a picture becomes an image, as a sentence.
        n_duplicates: pictures left out because their class has the same picture already.
        n_conflicts: pictures left out because another class has the same picture.
        skipped: how many files were left out for other reasons, by reason.
        content_sha256: of classes, images and split: the same pictures have the same hash.
        file_bytes, file_sha256: of `images.npz`.
        created_at: UTC, ISO 8601.
        owner: who may delete it.
    """

    id: str
    label: str
    class_names: list[str]
    image_px: int
    n_train: int
    n_test: int
    counts: list[int]
    resize_rule: str
    n_duplicates: int
    n_conflicts: int
    skipped: dict[str, int]
    content_sha256: str
    file_bytes: int = 0
    file_sha256: str = ""
    created_at: str = ""
    owner: str = LOCAL_OWNER

    @property
    def directory(self) -> Path:
        """Its folder."""
        return get_user_dataset_dir(self.id)

    @property
    def created_s(self) -> float:
        """When it was made, as `time.time` counts."""
        return datetime.fromisoformat(self.created_at).timestamp()

    @property
    def is_deleted(self) -> bool:
        """Whether its images were deleted."""
        return not (self.directory / IMAGES_FILE).is_file()

    def describe_left_out(self) -> list[str]:
        """One sentence for each reason why pictures were left out, the most frequent first."""
        reasons = dict(self.skipped)
        if self.n_duplicates:
            reasons["the same picture is in its class already"] = self.n_duplicates
        if self.n_conflicts:
            reasons["the same picture is in several classes"] = self.n_conflicts
        return describe_left_out_files(reasons, "left out")


def get_user_dataset_dir(dataset_id: str) -> Path:
    """The folder of a user's data set."""
    return get_user_datasets_dir() / dataset_id


def find_user_dataset(dataset_id: str) -> UserDataset | None:
    """The user's data set with this id, deleted or not; None if there is none."""
    if not _ID_PATTERN.fullmatch(dataset_id):
        return None
    try:
        found = load_json(get_user_dataset_dir(dataset_id) / CARD_FILE, UserDataset)
    except (OSError, ValueError):
        return None
    # A folder that was renamed by hand is another data set.
    return replace(found, id=dataset_id)


def list_user_datasets(
    *, with_deleted: bool = False, viewer: str = LOCAL_OWNER
) -> list[UserDataset]:
    """The users' data sets by label.

    Args:
        viewer: who sees its own and the operator's; the server's operator sees all.
    """
    ids = [path.parent.name for path in get_user_datasets_dir().glob(f"*/{CARD_FILE}")]
    found = [own for own in map(find_user_dataset, ids) if own is not None]
    shown = [
        own
        for own in found
        if (with_deleted or not own.is_deleted) and is_visible(own.owner, viewer)
    ]
    return sorted(shown, key=lambda own: (own.label.casefold(), own.id))


def check_label(label: str) -> str:
    """A data set's name without surplus spaces.

    Raises:
        DatasetError: it is empty, too long, or has control characters.
    """
    label = " ".join(label.split())
    if not label or len(label) > MAX_LABEL_LENGTH or not label.isprintable():
        raise DatasetError(
            f"The name of a data set has 1 to {MAX_LABEL_LENGTH} printable characters. Enter "
            "another name."
        )
    return label


def save_user_dataset(
    draft: UserDataset, arrays: dict[str, np.ndarray], *, reserved_ids: frozenset[str]
) -> UserDataset:
    """Save a data set; one with the same content and image size is used again.

    Args:
        draft: all but its id, file and date.
        arrays: `x_train`, `y_train`, `x_test`, `y_test`, uint8.
        reserved_ids: of published data sets.
    Returns:
        The data set as saved.
    Raises:
        DatasetError: it cannot be written.
    """
    same = _find_same(draft)
    if same is not None and not same.is_deleted:
        return same

    def is_taken(dataset_id: str) -> bool:
        return dataset_id in reserved_ids or get_user_dataset_dir(dataset_id).exists()

    content = io.BytesIO()
    # Not compressed: photos hardly become smaller.
    np.savez(content, allow_pickle=False, **arrays)
    own = replace(
        same or replace(draft, id=generate_id(draft.label, "dataset", is_taken)),
        label=draft.label,
        file_bytes=content.getbuffer().nbytes,
        file_sha256=hashlib.sha256(content.getbuffer()).hexdigest(),
        created_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
    try:
        if same is not None:
            write_json(own.directory / CARD_FILE, asdict(own))
            replace_file(own.directory / IMAGES_FILE, content.getvalue())
        else:
            _create_folder(own, content.getbuffer())
    except OSError as error:
        raise DatasetError(
            f"The data set {own.label} cannot be saved: {describe_error(error)}."
        ) from error
    return own


def delete_user_dataset(dataset_id: str, *, owner: str = LOCAL_OWNER) -> None:
    """Delete the images of a data set. Its description stays for the runs and models.

    Args:
        owner: the acting owner.
    Raises:
        DatasetError: there is no such data set, or its images cannot be deleted.
        OwnerError: it belongs to another user.
    """
    own = find_user_dataset(dataset_id)
    if own is None or own.is_deleted:
        raise DatasetUnavailableError(f"There is no data set of yours with the id {dataset_id}.")
    check_owner(f"The data set {own.label}", own.owner, owner)
    try:
        (own.directory / IMAGES_FILE).unlink()
    except OSError as error:
        raise DatasetError(
            f"The data set {own.label} cannot be deleted: {describe_error(error)}."
        ) from error


def _create_folder(own: UserDataset, content: memoryview) -> None:
    """Write a new folder so that readers see all of it or nothing."""
    root = get_user_datasets_dir()
    root.mkdir(parents=True, exist_ok=True)
    draft = root / f".draft-{os.getpid()}-{time.time_ns()}"
    draft.mkdir()
    try:
        (draft / IMAGES_FILE).write_bytes(content)
        write_json(draft / CARD_FILE, asdict(own))
        draft.rename(own.directory)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _find_same(draft: UserDataset) -> UserDataset | None:
    for own in list_user_datasets(with_deleted=True):
        if own.content_sha256 == draft.content_sha256 and own.owner == draft.owner:
            return own
    return None
