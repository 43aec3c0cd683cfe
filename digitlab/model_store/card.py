"""The model card: what a model is, its data, its accuracy and the commands that train it.

A card is `card.json` beside the model's files, in a run directory or in a stored model's folder.
"""

from pathlib import Path
from typing import Annotated, Any, NotRequired

from pydantic import Field

# pydantic needs this one up to Python 3.11.
from typing_extensions import TypedDict

from digitlab.files import load_json
from digitlab.model_store.formats import REQUIRED_FORMATS, TFLITE

CARD_FILE = "card.json"
_Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class CardAncestor(TypedDict):
    """A model whose weights training started from; `sha256` is of its `model.keras`."""

    id: str
    sha256: str


class CardData(TypedDict):
    """The training data.

    Keys:
        copy_id: of an unofficial copy of the data set.
        class_names, image_shape: of the test set; the model is used without the data set.
    """

    dataset: str
    label: str
    source: str
    licence: str
    is_sample: bool
    notes: list[str]
    n_training: int
    copy_id: NotRequired[str]
    class_names: NotRequired[list[str]]
    image_shape: NotRequired[list[int]]


class CardTest(TypedDict):
    """Results on the test set; `interval` is the accuracy's 95 % confidence interval."""

    n: int
    accuracy: _Probability
    interval: tuple[_Probability, _Probability]
    loss: float
    macro: dict[str, float]


class CardTraining(TypedDict):
    """All epochs of all sessions: a resumed run counts from its beginning."""

    epochs: int
    seconds: float


class CardFile(TypedDict):
    """One exported file."""

    bytes: int
    sha256: str


class CardImport(TypedDict):
    """The file that an imported model comes from.

    Keys:
        format: its label, such as "HDF5".
        changes: sentences about what was added to the network.
    """

    file_name: str
    sha256: str
    format: str
    changes: list[str]


class ModelCard(TypedDict):
    """The content of `card.json`.

    Keys:
        owner: who may rename, replace or delete the model.
        n_parameters: weights and biases, trainable or not.
        no_digit_threshold: an image is rejected as "no digit" from this probability on; None for
            a model without that class.
        command: the shell commands that train this model on a fresh clone, one per line.
        ancestors: the models whose weights training started from, the nearest first.
        validation: the best epoch, from 1, and its validation metrics.
        temperature: what the logits were divided by to calibrate confidences.
        imported: of a model made elsewhere. Its `net`, `config` and `command` are empty, `training`
            is 0, `data` is what it was tested on, and `validation` was computed to find out which
            input it takes. From a `.tflite` file there is no Keras file.
    """

    label: str
    owner: str
    net: str
    n_parameters: int
    no_digit_threshold: _Probability | None
    config: dict[str, Any]
    command: str
    ancestors: list[CardAncestor]
    data: CardData
    validation: dict[str, int | float]
    temperature: float | None
    test: CardTest
    training: CardTraining
    files: dict[str, CardFile]
    versions: dict[str, str]
    created: str
    imported: NotRequired[CardImport]


def load_card(directory: Path) -> ModelCard:
    """Load the card of the model in a run directory or in a stored model's folder.

    Raises:
        OSError: there is no card.
        ValueError: it is damaged; the message names the field.
    """
    card = load_json(directory / CARD_FILE, ModelCard)
    # A `.tflite` file cannot be converted back.
    for required in (TFLITE,) if "imported" in card else REQUIRED_FORMATS:
        if required.file_name not in card["files"]:
            raise ValueError(f"files: {required.file_name} is missing")
    return card
