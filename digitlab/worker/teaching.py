"""Mix the user's digits into the training data, and measure what was learned and forgotten."""

import numpy as np

from digitlab.datasets.loading import Dataset
from digitlab.errors import ModelStoreError, OwnerError
from digitlab.evaluation.report import EvaluationReport, evaluate_reader
from digitlab.inference.reader import N_DIGITS, DigitReader
from digitlab.model_store.store import save_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.runs.run import Run
from digitlab.synthesis.negative_drawings import build_negatives
from digitlab.training.teaching import TaughtDigits

# The user's digits as a fraction of all training images, and how often one digit may be repeated:
# augmentation makes each copy another one.
_FRACTION, _MAX_COPIES = 0.3, 60
# So much of the original data is enough to forget nothing, and takes seconds.
_MAX_ORIGINAL = 5_400
# Non-digits as a fraction of the others, for a network that rejects them.
_NEGATIVE_FRACTION = 0.1


def mix_taught_digits(
    images: np.ndarray, labels: np.ndarray, digits: TaughtDigits, *, n_classes: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mix a part of the original data with copies of the digits that are not held out.

    A network with a class "no digit" also gets negatives.

    Args:
        images, labels: the original data, `(n, 28, 28, 1)` and `(n,)` uint8.
    Returns:
        All of them, shuffled.
    """
    random = np.random.default_rng(seed)
    images, labels = images[:_MAX_ORIGINAL], labels[:_MAX_ORIGINAL]
    learned = ~digits.is_held_out
    wanted = _FRACTION / (1 - _FRACTION) * len(images)
    n_copies = int(np.clip(wanted / max(1, learned.sum()), 1, _MAX_COPIES))
    parts = [images, np.repeat(digits.images[learned][..., None], n_copies, axis=0)]
    part_labels = [labels, np.repeat(digits.labels[learned], n_copies)]
    if n_classes > N_DIGITS:
        negatives = build_negatives(round(_NEGATIVE_FRACTION * len(images)), random)
        parts.append(negatives[..., None])
        part_labels.append(np.full(len(negatives), N_DIGITS, np.uint8))
    all_images, all_labels = np.concatenate(parts), np.concatenate(part_labels)
    order = random.permutation(len(all_images))
    return all_images[order], all_labels[order]


def describe_teaching(
    digits: TaughtDigits,
    source: StoredModel,
    reader: DigitReader,
    dataset: Dataset,
    report: EvaluationReport,
) -> str:
    """What the model learned and forgot, in two sentences.

    Args:
        source: the model that the run started from.
        reader, report: of the new model.
    """
    old_reader = source.open_reader()
    old_accuracy = evaluate_reader(old_reader, dataset).accuracy
    before, after = (measure_accuracy(one, digits) for one in (old_reader, reader))
    return (
        f"Your {digits.is_held_out.sum()} digits that were held out: {before:.0%} correct before, "
        f"{after:.0%} after. {dataset.spec.label}, test images: {old_accuracy:.2%} before, "
        f"{report.accuracy:.2%} after."
    )


def save_taught_model(run: Run) -> str:
    """Save the model under the run's name, in place of an earlier one; says so in a sentence."""
    try:
        model = save_model(run, replace=True, owner=run.read_meta().owner)
    except (ModelStoreError, OwnerError) as error:
        return f"The model is not saved: {error} The run keeps it: save it under another name."
    return f"The model is saved as {model.label}."


def measure_accuracy(reader: DigitReader, digits: TaughtDigits) -> float:
    """The accuracy on the held-out digits; a rejected one counts as an error."""
    chosen = digits.is_held_out
    answers = reader.read_many(digits.images[chosen])
    return float(
        np.mean(
            [
                answer.is_digit and answer.digit == label
                for answer, label in zip(answers, digits.labels[chosen], strict=True)
            ]
        )
    )
