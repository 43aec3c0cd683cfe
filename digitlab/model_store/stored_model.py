"""One model: its card, its files, its reader."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from digitlab.datasets.registry import find_dataset_spec
from digitlab.errors import ConfigError, ModelStoreError
from digitlab.inference.reader import DigitReader
from digitlab.model_store.card import CardImport, ModelCard
from digitlab.model_store.formats import KERAS, TFLITE
from digitlab.model_store.names import is_shipped
from digitlab.training.config import TrainConfig


@dataclass(frozen=True)
class StoredModel:
    """A shipped or saved model.

    Attributes:
        card: the content of `card.json`: what it is, its data, accuracy, command, versions.
    """

    id: str
    directory: Path
    card: ModelCard

    @property
    def label(self) -> str:
        """The name that pages show."""
        return self.card["label"]

    @property
    def owner(self) -> str:
        """Who may rename, replace or delete it."""
        return self.card["owner"]

    @property
    def is_shipped(self) -> bool:
        """Whether it comes with digitlab and cannot be changed."""
        return is_shipped(self.directory)

    @property
    def accuracy(self) -> float:
        """Test accuracy, 0 to 1."""
        return self.card["test"]["accuracy"]

    @property
    def sha256(self) -> str:
        """The hash of `model.tflite`, which identifies the model's weights."""
        return self.card["files"][TFLITE.file_name]["sha256"]

    @property
    def size_bytes(self) -> int:
        """The size of `model.tflite`."""
        return self.card["files"][TFLITE.file_name]["bytes"]

    @property
    def reads_digits(self) -> bool:
        """Whether the Draw page can use it: it was trained on handwritten digits."""
        spec = find_dataset_spec(self.card["data"]["dataset"])
        return spec is not None and spec.is_digits

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the classes of its test set, in order; empty if they are unknown."""
        if names := self.card["data"].get("class_names"):
            return tuple(names)
        spec = find_dataset_spec(self.card["data"]["dataset"])
        return spec.base_spec.class_names if spec else ()

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of one image: `(h, w)` or `(h, w, 3)`; empty if it is unknown."""
        if shape := self.card["data"].get("image_shape"):
            return tuple(shape)
        spec = find_dataset_spec(self.card["data"]["dataset"])
        return spec.image_shape if spec else ()

    @property
    def is_sample(self) -> bool:
        """Whether it was trained and tested on the offline sample only."""
        return self.card["data"]["is_sample"]

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the data that must be shown wherever the model's results are."""
        return tuple(self.card["data"]["notes"])

    @property
    def imported(self) -> CardImport | None:
        """The file that it comes from, if it was made elsewhere."""
        return self.card.get("imported")

    @property
    def has_keras_file(self) -> bool:
        """Whether it can be exported: one imported as `.tflite` has no other form."""
        return KERAS.file_name in self.card["files"]

    def read_config(self) -> TrainConfig:
        """The settings that it was trained with.

        Raises:
            ConfigError: it was imported, or this version does not have its settings.
        """
        if self.imported is not None:
            raise ConfigError(
                f"{self.label} was imported, so how it was trained is unknown. Choose a model that "
                "was trained here."
            )
        return TrainConfig.from_json(self.card["config"])

    def open_reader(self) -> DigitReader:
        """Load the model for inference; raises what `read_content` raises."""
        return DigitReader(
            self.read_content(),
            no_digit_threshold=self.card["no_digit_threshold"],
            reads_digits=self.reads_digits,
        )

    def read_content(self) -> bytes:
        """The bytes of `model.tflite`, checked against the card.

        Raises:
            ModelStoreError: the file is missing or damaged, or is not the one in the card.
        """
        name = TFLITE.file_name
        try:
            content = (self.directory / name).read_bytes()
        except OSError as error:
            raise ModelStoreError(f"The file {name} of the model {self.id} is missing.") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ModelStoreError(
                f"The model {self.id} is damaged: {name} is not the file that its card describes. "
                "Install it again, or choose another model."
            )
        return content
