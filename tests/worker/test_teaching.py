"""A model learns a user's digits, and forgets nothing."""

import re

import numpy as np
import pytest

from digitlab.inference.reader import DigitReader
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.saved_runs import find_saved_model
from digitlab.model_store.store import get_model
from digitlab.runs.run import create_run
from digitlab.synthesis.generation import NO_DIGIT
from digitlab.training.teaching import (
    TaughtDigits,
    build_taught_digits,
    build_taught_label,
    build_teaching_config,
)
from digitlab.worker.teaching import mix_taught_digits
from tests.worker.workers import train_here


def upside_down(n=40):
    """Digits of a peculiar hand: all are turned by half a circle."""
    taught = build_taught_digits([(build_sample_drawing(k % 10), k % 10) for k in range(n)])
    return TaughtDigits(
        np.ascontiguousarray(taught.images[:, ::-1, ::-1]), taught.labels, np.arange(n) >= n - 10
    )


def test_a_peculiar_hand_is_learned():
    model = get_model("simple_cnn")
    taught = upside_down()
    config = build_teaching_config(model.id, model.card["config"])
    run = create_run(config, label=build_taught_label(model.label), taught=taught)
    status = train_here(run)
    assert status.state == "done", status.message
    saved = find_saved_model(run)
    assert saved.label == "Simple CNN, my hand"
    assert f"The model is saved as {saved.label}." in status.notes
    [note] = [note for note in status.notes if note.startswith("Your 10 digits")]
    before, after, old, new = map(float, re.findall(r"([\d.]+)%", note))
    # A 6 upside down is a 9.
    assert before <= 60 < 80 <= after
    assert new >= old - 1.5
    reader = DigitReader(run.directory / "model.tflite")
    held_out = taught.images[taught.is_held_out]
    read = [answer.digit for answer in reader.read_many(held_out)]
    assert np.mean(np.array(read) == taught.labels[taught.is_held_out]) == after / 100


@pytest.mark.parametrize("n_classes", [10, 11])
def test_the_original_data_and_negatives_are_mixed_in(n_classes):
    images = np.zeros((600, 28, 28, 1), np.uint8)
    labels = np.full(600, 7, np.uint8)
    taught = upside_down()
    mixed, mixed_labels = mix_taught_digits(images, labels, taught, n_classes=n_classes, seed=0)
    blank = ~mixed.any(axis=(1, 2, 3))
    assert blank.sum() == 600
    assert (mixed_labels[blank] == 7).all()
    n_copies = int(600 * 3 / 7 / 30)
    assert (mixed_labels[~blank] < NO_DIGIT).sum() == 30 * n_copies
    assert (mixed_labels == NO_DIGIT).sum() == (60 if n_classes > 10 else 0)
    # Not one image of those to measure by.
    held_out = taught.images[taught.is_held_out][..., None]
    learned = {image.tobytes() for image in taught.images[~taught.is_held_out]}
    found = {image.tobytes() for image in mixed}
    assert not {image.tobytes() for image in held_out} - learned & found
