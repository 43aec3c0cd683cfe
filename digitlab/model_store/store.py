"""The models on the shelf: those that came with the project, and a person's own. No Keras here."""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitlab.datasets.registry import DATASETS
from digitlab.errors import ModelStoreError, RunError
from digitlab.files import write_json
from digitlab.inference.reader import DigitReader
from digitlab.paths import get_shipped_models_dir, get_user_models_dir
from digitlab.runs.run import Run

DEFAULT_MODEL_ID = "digitlab_cnn"
MODEL_FILES = ("model.keras", "model.tflite", "report.npz", "card.json")
# What the pages and commands read from a card.
_CARD_PLACES = (
    "net", "command", "data/dataset", "data/label", "data/source", "data/licence", "data/notes",
    "data/n_training", "test/n", "test/accuracy", "test/interval", "test/loss",
    "training/seconds", "files/model.tflite/bytes", "files/model.tflite/sha256",
)  # fmt: skip
_ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class StoredModel:
    """One model on the shelf.

    Attributes:
        card: the content of `card.json`: what it is, its data, accuracy, command, versions.
    """

    id: str
    directory: Path
    card: dict[str, Any]

    @property
    def label(self) -> str:
        """Its name for people."""
        return str(self.card.get("label", self.id))

    @property
    def accuracy(self) -> float:
        """Share of the test digits it reads right, 0 to 1."""
        return float(self.card["test"]["accuracy"])

    @property
    def reads_digits(self) -> bool:
        """Whether it can serve the Draw page: trained on 28x28 digits."""
        spec = DATASETS.get(self.card["data"]["dataset"])
        return spec is not None and spec.is_digits

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that have to stand wherever its figures do."""
        return tuple(self.card["data"].get("notes", ()))

    def open_reader(self) -> DigitReader:
        """Load the model for reading, after checking that its file is the one in the card.

        Raises:
            ModelStoreError: the file is missing, damaged or was exchanged.
        """
        return DigitReader(self.read_content())

    def read_content(self) -> bytes:
        """The bytes of `model.tflite`, after checking that they are those the card describes.

        Raises:
            ModelStoreError: the file is missing, damaged or was exchanged.
        """
        path = self.directory / "model.tflite"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelStoreError(f"The model {self.id} lacks its file {path.name}.") from error
        if hashlib.sha256(content).hexdigest() != self.card["files"]["model.tflite"]["sha256"]:
            raise ModelStoreError(
                f"The model {self.id} is damaged: {path} is not the file its card describes. "
                "Fetch it again, or choose another model."
            )
        return content


def list_models() -> list[StoredModel]:
    """All models, the default first, shipped before own.

    A folder whose card cannot be read is left out; `get_model` tells why.
    """
    found: dict[str, StoredModel] = {}
    for directory in _list_directories():
        try:
            found.setdefault(directory.name, _read_model(directory))
        except ModelStoreError:
            continue
    return sorted(found.values(), key=lambda model: model.id != DEFAULT_MODEL_ID)


def get_model(model_id: str) -> StoredModel:
    """The model with this id.

    Raises:
        ModelStoreError: there is none, or its card cannot be read.
    """
    for directory in _list_directories():
        if directory.name == model_id:
            return _read_model(directory)
    known = ", ".join(model.id for model in list_models()) or "none yet"
    raise ModelStoreError(f"There is no model {model_id!r} on the shelf. There is: {known}.")


def shelve_run(run: Run, model_id: str, *, label: str | None = None) -> StoredModel:
    """Put a finished run's model on the shelf, replacing an own model of the same id.

    Args:
        model_id: lower-case letters, digits, `_` and `-`.
        label: its name for people; by default the run's own.
    Raises:
        ModelStoreError: the id is not allowed, or the shelf cannot be written.
        RunError: the run has no finished model.
    """
    check_model_id(model_id)
    missing = [name for name in MODEL_FILES if not (run.directory / name).is_file()]
    if missing:
        raise RunError(f"The run {run.id} has no finished model: {', '.join(missing)} is missing.")
    shelf = get_user_models_dir()
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        # Made and checked beside its place, so that a good model is not lost to a bad one.
        with tempfile.TemporaryDirectory(dir=shelf, prefix=".new-") as folder:
            draft = Path(folder) / model_id
            draft.mkdir()
            for name in MODEL_FILES:
                shutil.copyfile(run.directory / name, draft / name)
            card = _read_model(draft).card
            if label:
                write_json(draft / "card.json", card | {"label": label})
            if (shelf / model_id).exists():
                (shelf / model_id).rename(Path(folder) / "replaced")
            draft.rename(shelf / model_id)
    except OSError as error:
        raise ModelStoreError(f"The model cannot be put on the shelf {shelf}: {error}.") from error
    return _read_model(shelf / model_id)


def find_shelved(run: Run) -> StoredModel | None:
    """The model on the shelf that was made by this run, by its file's hash."""
    try:
        sha256 = read_card(run.directory)["files"]["model.tflite"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    models = (m for m in list_models() if m.card["files"]["model.tflite"]["sha256"] == sha256)
    return next(models, None)


def check_model_id(model_id: str) -> None:
    """Find out whether an own model may have this id.

    Raises:
        ModelStoreError: it has other characters, or a shipped model has it.
    """
    if not _ID_PATTERN.fullmatch(model_id):
        raise ModelStoreError(
            f"{model_id!r} cannot be a model's id: use lower-case letters, digits, _ and -."
        )
    shipped = get_shipped_models_dir()
    if get_user_models_dir() != shipped and (shipped / model_id).exists():
        raise ModelStoreError(f"{model_id} is a model that comes with digitlab. Choose another id.")


def _list_directories() -> Iterator[Path]:
    for shelf in dict.fromkeys((get_shipped_models_dir(), get_user_models_dir())):
        if shelf.is_dir():
            cards = sorted(shelf.glob("*/card.json"))
            yield from (card.parent for card in cards if not card.parent.name.startswith("."))


def read_card(directory: Path) -> dict[str, Any]:
    """The card of the model in a folder, a run's or a shelf's.

    Raises:
        OSError, ValueError: there is none, or it is no JSON.
    """
    card: dict[str, Any] = json.loads((directory / "card.json").read_text("utf-8"))
    return card


def _read_model(directory: Path) -> StoredModel:
    try:
        card = read_card(directory)
        # Looked for here, so that a card that lacks something is found at once.
        lacking = [place for place in _CARD_PLACES if _look_up(card, place) is None]
    except (OSError, ValueError, AttributeError) as error:
        raise ModelStoreError(
            f"The card of the model {directory.name} is not readable: {error}."
        ) from error
    if lacking:
        raise ModelStoreError(f"The card of the model {directory.name} lacks {', '.join(lacking)}.")
    return StoredModel(directory.name, directory, card)


def _look_up(card: dict[str, Any], place: str) -> Any:
    value: Any = card
    for key in place.split("/"):
        value = (value or {}).get(key)
    return value
