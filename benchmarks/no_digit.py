"""Which decision refuses best: `python -m benchmarks.no_digit [DATA]`.

Four scores of "no digit" on the same pictures: the probability of the trained eleventh class; one
minus the largest of the ten digits' probabilities; the energy of the ten digits' logits; and the
distance to the nearest class in the network's own features. Each is given the threshold at which
it refuses 0.5 % of held-out writers' digits, and the table says what it then refuses of the rest.
The last three are also computed for a network that has never seen anything but digits.

A second table gives, for the shipped model and several thresholds on its eleventh class, what is
refused of the validation set's digits and of all else in it: the threshold is chosen there.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.ink_data import get_chosen_folder, keep_unseen
from benchmarks.reading.items import InkItem, InkSet
from benchmarks.reading.loading import load_ink_sets
from digitlab.datasets.loading import load_dataset
from digitlab.errors import EmptyInkError
from digitlab.inference.reader import N_DIGITS
from digitlab.model_store.store import get_model
from digitlab.synthesis.dataset import build_validation

REFUSED_DIGITS = 0.005
MODELS = ("digitlab_cnn", "simple_cnn")
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# As in training: the last tenth of MNIST's training digits is kept back.
_VALIDATION_SHARE = 0.1
_N_FITTING = 6000
_SHRINKAGE = 0.05

Score = Callable[[np.ndarray], np.ndarray]


def main(folder: Path) -> None:
    """Print both tables."""
    os.environ["DIGITLAB_DATA"] = str(folder)
    sets = load_ink_sets(folder)[0]
    digits, fitting, labels = _split_pens(next(s for s in sets if s.name == "pen strokes"))
    others = {s.name: _prepare(keep_unseen(s)) for s in sets if not s.are_digits}
    others["noise"] = np.random.default_rng(0).integers(0, 256, (500, 28, 28)).astype(np.uint8)
    print(f"{'score':34}" + "".join(f"{name.split()[0]:>12}" for name in others))
    for model_id in MODELS:
        for name, score in _make_scores(model_id, fitting, labels):
            limit = np.quantile(score(digits), 1 - REFUSED_DIGITS)
            shares = [float((score(images) > limit).mean()) for images in others.values()]
            print(f"{name + ' · ' + model_id:34}" + "".join(f"{x:12.3f}" for x in shares))
    _print_thresholds()


def _print_thresholds() -> None:
    mnist = load_dataset("mnist")
    kept = -int(len(mnist.images_train) * _VALIDATION_SHARE)
    images, labels = build_validation(mnist.images_train[kept:], mnist.labels_train[kept:])
    outputs = get_model(MODELS[0]).open_reader().compute_outputs(images)
    is_digit, refusal = labels < N_DIGITS, outputs[:, N_DIGITS]
    is_right = outputs[:, :N_DIGITS].argmax(axis=1) == labels
    print(f"\n{'threshold':>10}{'digits refused':>16}{'digits right':>16}{'others refused':>16}")
    for threshold in THRESHOLDS:
        refused = refusal >= threshold
        shares = refused[is_digit], (is_right & ~refused)[is_digit], refused[~is_digit]
        print(f"{threshold:10.1f}" + "".join(f"{share.mean():16.4f}" for share in shares))


def _split_pens(pens: InkSet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Held-out writers' digits; others' digits with labels, to fit the distance to."""
    seen = [item for item in pens.items if not item.is_held_out][:_N_FITTING]
    return _prepare(keep_unseen(pens)), _prepare(seen), np.array([int(item.label) for item in seen])


def _prepare(items: Sequence[InkItem]) -> np.ndarray:
    """`(n, 28, 28)` uint8; what has no ink is refused before any network and left out."""
    images = []
    for item in items:
        try:
            images.append(item.prepare())
        except EmptyInkError:
            continue
    return np.stack(images)


def _make_scores(
    model_id: str, fitting: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[str, Score]]:
    """Scores of one network: the larger, the less a digit."""
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
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _fit_distance(features: Score, images: np.ndarray, labels: np.ndarray) -> Score:
    """Mahalanobis distance to the nearest class. Source: Lee et al. 2018."""
    known = features(images)
    means = np.stack([known[labels == digit].mean(axis=0) for digit in range(N_DIGITS)])
    covariance = np.cov((known - means[labels]).T)
    # Features that never vary would make the matrix singular.
    covariance += _SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    inverse = np.linalg.inv(covariance)

    def measure(others: np.ndarray) -> np.ndarray:
        found = features(others)
        gaps = [np.einsum("nf,fg,ng->n", found - m, inverse, found - m) for m in means]
        return np.asarray(np.min(gaps, axis=0))

    return measure


if __name__ == "__main__":
    main(get_chosen_folder())
