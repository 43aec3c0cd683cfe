"""Compare scores that reject non-digits: `python -m benchmarks.no_digit [DATA]`.

Four scores on the same images: the probability of the trained eleventh class; one minus the largest
of the ten digit probabilities; the energy of the ten digit logits; and the Mahalanobis distance to
the nearest class in feature space. Each has the threshold at which it rejects 0.5 % of the digits
of held-out writers; the table shows the fraction of each other set that it then rejects. The last
three are also computed for a network that was trained on digits only.

The second table is the basis for the shipped model's threshold: for several thresholds on its
eleventh class, the fractions of digits and non-digits of the validation set that are rejected.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.ink_data import get_data_folder, select_held_out
from benchmarks.reading.items import InkItem, InkSet
from benchmarks.reading.loading import load_ink_sets
from digitlab.datasets.loading import load_dataset
from digitlab.errors import EmptyInkError
from digitlab.inference.reader import N_DIGITS
from digitlab.model_store.store import get_model
from digitlab.synthesis.dataset import build_validation

REJECTED_DIGITS = 0.005
MODELS = ("digitlab_cnn", "simple_cnn")
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# As in training: the last tenth of MNIST's training digits is for validation.
_VALIDATION_FRACTION = 0.1
_N_FITTING = 6000
_SHRINKAGE = 0.05

Score = Callable[[np.ndarray], np.ndarray]


def main(folder: Path) -> None:
    """Print both tables."""
    os.environ["DIGITLAB_DATA"] = str(folder)
    sets = load_ink_sets(folder)[0]
    digits, fitting, labels = _split_by_writer(next(s for s in sets if s.name == "pen strokes"))
    others = {s.name: _prepare(select_held_out(s)) for s in sets if not s.are_digits}
    others["noise"] = np.random.default_rng(0).integers(0, 256, (500, 28, 28)).astype(np.uint8)
    print(f"{'score':34}" + "".join(f"{name.split()[0]:>12}" for name in others))
    for model_id in MODELS:
        for name, score in _make_scores(model_id, fitting, labels):
            limit = np.quantile(score(digits), 1 - REJECTED_DIGITS)
            rejected = [float((score(images) > limit).mean()) for images in others.values()]
            print(f"{name + ' · ' + model_id:34}" + "".join(f"{x:12.3f}" for x in rejected))
    _print_thresholds()


def _print_thresholds() -> None:
    mnist = load_dataset("mnist")
    start = -int(len(mnist.images_train) * _VALIDATION_FRACTION)
    images, labels = build_validation(mnist.images_train[start:], mnist.labels_train[start:])
    outputs = get_model(MODELS[0]).open_reader().compute_outputs(images)
    is_digit, scores = labels < N_DIGITS, outputs[:, N_DIGITS]
    is_correct = outputs[:, :N_DIGITS].argmax(axis=1) == labels
    print(
        f"\n{'threshold':>10}{'digits rejected':>16}{'digits correct':>16}{'others rejected':>16}"
    )
    for threshold in THRESHOLDS:
        is_rejected = scores >= threshold
        columns = (
            is_rejected[is_digit],
            (is_correct & ~is_rejected)[is_digit],
            is_rejected[~is_digit],
        )
        print(f"{threshold:10.1f}" + "".join(f"{column.mean():16.4f}" for column in columns))


def _split_by_writer(ink_set: InkSet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Digits of held-out writers; digits and labels of other writers, to fit the distance."""
    fitting = [item for item in ink_set.items if not item.is_held_out][:_N_FITTING]
    return (
        _prepare(select_held_out(ink_set)),
        _prepare(fitting),
        np.array([int(i.label) for i in fitting]),
    )


def _prepare(items: Sequence[InkItem]) -> np.ndarray:
    """`(n, 28, 28)` uint8, without the items in which no ink is found."""
    images = []
    for item in items:
        try:
            images.append(item.prepare(None))
        except EmptyInkError:
            continue
    return np.stack(images)


def _make_scores(
    model_id: str, fitting: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[str, Score]]:
    """Scores of one network; larger for non-digits."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    model = keras.saving.load_model(
        get_model(model_id).directory / "model.keras", compile=False, safe_mode=True
    )
    last = model.layers[-1]
    trunk = keras.Model(model.inputs, last.input)
    weights, bias = last.get_weights()

    def features(images: np.ndarray) -> np.ndarray:
        return np.asarray(trunk.predict(images[..., None], batch_size=512, verbose=0))

    def logits(images: np.ndarray) -> np.ndarray:
        return features(images) @ weights + bias

    if weights.shape[1] > N_DIGITS:
        yield "trained class", lambda images: _softmax(logits(images))[:, N_DIGITS]
    yield "1 - largest probability", lambda images: -_softmax(logits(images)[:, :N_DIGITS]).max(1)
    yield "energy", lambda images: -np.logaddexp.reduce(logits(images)[:, :N_DIGITS], axis=1)
    yield "distance", _fit_distance(features, fitting, labels)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _fit_distance(features: Score, images: np.ndarray, labels: np.ndarray) -> Score:
    """Mahalanobis distance to the nearest class. Source: Lee et al. 2018."""
    fitted = features(images)
    means = np.stack([fitted[labels == digit].mean(axis=0) for digit in range(N_DIGITS)])
    covariance = np.cov((fitted - means[labels]).T)
    # Constant features would make the matrix singular.
    covariance += _SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    inverse = np.linalg.inv(covariance)

    def compute_distance(others: np.ndarray) -> np.ndarray:
        x = features(others)
        distances = [np.einsum("nf,fg,ng->n", x - m, inverse, x - m) for m in means]
        return np.asarray(np.min(distances, axis=0))

    return compute_distance


if __name__ == "__main__":
    main(get_data_folder())
