"""Ids and labels of models: what is allowed, and how an id is made from a label."""

import re
import unicodedata
from pathlib import Path

from digitlab.errors import ModelStoreError
from digitlab.ids import generate_id
from digitlab.nets.backbones import IMAGENET
from digitlab.paths import get_shipped_models_dir, get_user_models_dir

MAX_LABEL_LENGTH = 80
_ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_model_id(model_id: str) -> None:
    """Check that a user's model may have this id.

    Raises:
        ModelStoreError: it has invalid characters, or a shipped model has it.
    """
    if not _ID_PATTERN.fullmatch(model_id):
        raise ModelStoreError(
            f"{model_id!r} is not a valid model id: use up to 64 lower-case letters, digits, "
            "_ and -."
        )
    if is_shipped_id(model_id):
        raise ModelStoreError(f"{model_id} is a model that comes with digitlab. Choose another id.")


def check_label(label: str) -> str:
    """The label without line breaks, control characters and surplus spaces.

    Raises:
        ModelStoreError: it is empty or longer than 80 characters.
    """
    printable = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in label)
    label = " ".join(printable.split())
    if not label:
        raise ModelStoreError("The model has no name. Enter one.")
    if len(label) > MAX_LABEL_LENGTH:
        raise ModelStoreError(
            f"The name has {len(label)} characters; at most {MAX_LABEL_LENGTH} are allowed."
        )
    return label


def generate_model_id(label: str) -> str:
    """An unused id made from a label."""
    return generate_id(label, "model", _is_taken)


def _is_taken(model_id: str) -> bool:
    # A setting takes ids of models and this word.
    is_reserved = model_id == IMAGENET
    return is_reserved or is_shipped_id(model_id) or (get_user_models_dir() / model_id).exists()


def is_shipped_id(model_id: str) -> bool:
    """Whether a shipped model has this id."""
    return is_shipped(get_shipped_models_dir() / model_id) and bool(model_id)


def is_shipped(directory: Path) -> bool:
    """Whether a model's folder came with digitlab and must not be changed."""
    shipped = get_shipped_models_dir()
    # The script that trains the shipped models makes this folder the user's.
    return directory.parent == shipped != get_user_models_dir() and directory.exists()
