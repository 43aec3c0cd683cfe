"""Find out what a model from elsewhere was trained on: which data set, which range of pixels.

A file does not say whether its network expects 0 to 255, 0 to 1 or something else, or which of the
data sets with ten classes it was made for. So each combination is tried on training images.
"""

from dataclasses import dataclass

import numpy as np

from digitlab.datasets.loading import Dataset, load_dataset
from digitlab.datasets.registry import get_dataset_spec, list_dataset_specs
from digitlab.datasets.spec import DatasetSpec
from digitlab.errors import DatasetError, ModelStoreError, describe_error
from digitlab.inference.reader import N_DIGITS, DigitReader
from digitlab.worker.imported_graph import ImportedGraph

# Training images, never test images: those are for the measurement at the end.
_N_IMAGES = 512
# One image of ten classes is guessed in a tenth of the cases.
_MIN_TIMES_CHANCE = 2.0
# 8-bit probabilities sum to 1 only roughly.
_ROUNDING, _SUM_ROUNDING = 1e-3, 0.05
# A network that was hardly trained may be surer of itself with another scaling than its own: the
# most usual one is chosen unless another has a clearly smaller loss.
_USUAL_LOSS_FACTOR = 0.8


@dataclass(frozen=True)
class Scaling:
    """The input of a network: `pixel * scale + offset`, pixels from 0 to 255."""

    label: str
    scale: float
    offset: float
    is_usual: bool = False


@dataclass(frozen=True)
class Trial:
    """How well a model classifies training images of a data set with one scaling.

    Attributes:
        n_outputs: of the model.
        has_logits: whether its outputs are logits.
        loss: mean cross-entropy.
    """

    dataset: Dataset
    scaling: Scaling
    n_outputs: int
    has_logits: bool
    accuracy: float
    loss: float

    def adapt(self, graph: ImportedGraph) -> bytes:
        """The `.tflite` file with this input, and with probabilities as its output."""
        return graph.adapt(
            self.dataset.spec.image_shape,
            scale=self.scaling.scale,
            offset=self.scaling.offset,
            with_softmax=self.has_logits,
        )


def find_best_trial(graph: ImportedGraph, dataset_id: str) -> Trial:
    """Try every data set on this machine that fits, with every scaling.

    Args:
        dataset_id: the only data set to try; "" tries all.
    Raises:
        ModelStoreError: none fits, or the model classifies none much better than by chance.
    """
    specs = [get_dataset_spec(dataset_id)] if dataset_id else list_dataset_specs()
    trials = []
    for spec in specs:
        if spec.base is not None or spec.is_deleted or not _fits(graph, spec):
            continue
        try:
            data = load_dataset(spec, may_download=False)
        except DatasetError:
            # It has to be on this machine: an import does not use the network.
            continue
        trials += [_try(graph, data, scaling) for scaling in _list_scalings(spec, data)]
    if not trials:
        shape, n = graph.input_shape, graph.n_outputs
        which = get_dataset_spec(dataset_id).label if dataset_id else "None of the data sets here"
        does = "does not fit" if dataset_id else "fits"
        raise ModelStoreError(
            f"The model takes images of shape {shape} and has {n} outputs. {which} {does}, or its "
            "images are not on this machine: train on it once, or choose another data set."
        )
    best = min(trials, key=_get_weighted_loss)
    if best.accuracy * graph.n_outputs < _MIN_TIMES_CHANCE:
        raise ModelStoreError(
            f"The model classifies only {best.accuracy:.0%} of {best.dataset.spec.label} "
            "correctly, whether pixels are from 0 to 255, 0 to 1, -1 to 1 or standardised. Choose "
            "the data set that it was trained on."
        )
    return best


def _get_weighted_loss(trial: Trial) -> float:
    return trial.loss * (_USUAL_LOSS_FACTOR if trial.scaling.is_usual else 1.0)


def open_model(content: bytes, spec: DatasetSpec, no_digit_threshold: float | None) -> DigitReader:
    """An adapted file, as the app opens it later."""
    return DigitReader(content, no_digit_threshold=no_digit_threshold, reads_digits=spec.is_digits)


def _fits(graph: ImportedGraph, spec: DatasetSpec) -> bool:
    has_classes = graph.n_outputs == len(spec.class_names) or (
        # One trained here on handwriting has "no digit" too.
        spec.is_digits and graph.n_outputs == N_DIGITS + 1
    )
    flat = (int(np.prod(spec.image_shape)),)
    return has_classes and graph.input_shape in {
        spec.image_shape, (*spec.image_shape, 1), flat,
    }  # fmt: skip


def _list_scalings(spec: DatasetSpec, data: Dataset) -> list[Scaling]:
    """What tutorials train on; digits also as dark ink on light paper."""
    mean, deviation = float(data.images_train.mean()), float(data.images_train.std())
    scalings = [
        Scaling("from 0 to 1", 1 / 255, 0.0, is_usual=True),
        Scaling("from 0 to 255", 1.0, 0.0),
        Scaling("from -1 to 1", 2 / 255, -1.0),
        Scaling("standardised to mean 0 and deviation 1", 1 / deviation, -mean / deviation),
    ]
    if spec.is_digits:
        scalings += [
            Scaling("from 255 to 0, dark ink on light paper", -1.0, 255.0),
            Scaling("from 1 to 0, dark ink on light paper", -1 / 255, 1.0),
        ]
    return scalings


def _try(graph: ImportedGraph, data: Dataset, scaling: Scaling) -> Trial:
    content = graph.adapt(data.spec.image_shape, scale=scaling.scale, offset=scaling.offset)
    images, labels = data.images_train[-_N_IMAGES:], data.labels_train[-_N_IMAGES:]
    try:
        outputs = DigitReader(content, reads_digits=False).compute_outputs(images)
    except (ValueError, RuntimeError) as error:
        raise ModelStoreError(
            f"The model cannot classify {len(images)} images ({describe_error(error)[:200]}). It "
            "needs too much memory, or it was converted for one image at a time: convert it for "
            "any number."
        ) from error
    sums = outputs.sum(axis=1)
    is_probability = (
        outputs.min() > -_ROUNDING and outputs.max() < 1 + _ROUNDING
        and np.abs(sums - 1).max() < _SUM_ROUNDING
    )  # fmt: skip
    if not is_probability and outputs.min() >= 0 and outputs.max() <= 1:
        raise ModelStoreError(
            "The outputs are from 0 to 1 but do not sum to 1, as those of a sigmoid. End the "
            "network in a softmax, or in no activation."
        )
    if not np.isfinite(outputs).all():
        raise ModelStoreError("The model computes infinite numbers. Train it again.")
    if not is_probability:
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        outputs /= outputs.sum(axis=1, keepdims=True)
    own = np.maximum(outputs[np.arange(len(labels)), labels], 1e-12)
    return Trial(
        data,
        scaling,
        graph.n_outputs,
        not is_probability,
        float((outputs.argmax(axis=1) == labels).mean()),
        float(-np.log(own).mean()),
    )
