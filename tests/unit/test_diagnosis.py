"""Diagnosis of learning curves recorded from real runs."""

import math

import pytest

from digitlab.training.config import TrainConfig
from digitlab.training.diagnosis import diagnose, find_best_epoch, list_training_noise


def build_history(losses, val_losses=(), accuracies=(), val_accuracies=()):
    history = []
    for k, loss in enumerate(losses):
        row = {"epoch": float(k), "loss": loss, "accuracy": max(0.0, 1 - loss / 3)}
        if accuracies:
            row["accuracy"] = accuracies[k]
        if val_losses:
            row |= {"val_loss": val_losses[k], "val_accuracy": max(0.0, 1 - val_losses[k] / 3)}
        if val_accuracies:
            row["val_accuracy"] = val_accuracies[k]
        history.append(row)
    return history


# simple_cnn on MNIST, five epochs.
SIMPLE_CNN = build_history(
    [0.359, 0.112, 0.083, 0.068, 0.058],
    [0.067, 0.051, 0.042, 0.037, 0.0368],
    [0.889, 0.966, 0.975, 0.979, 0.982],
    [0.981, 0.985, 0.988, 0.989, 0.9893],
)
# A network without dropout on 500 digits.
OVERFITTED = build_history(
    [1.62, 0.61, 0.33, 0.18, 0.09, 0.04, 0.02, 0.01],
    [0.88, 0.49, 0.41, 0.39, 0.42, 0.45, 0.49, 0.53],
)


def find_kinds(history, *, is_over=True):
    return [finding.kind for finding in diagnose(history, is_over=is_over)]


def test_no_finding_before_the_first_epoch():
    assert diagnose([], is_over=False) == ()


def test_one_epoch_is_too_early():
    assert find_kinds(SIMPLE_CNN[:1], is_over=False) == ["too_early"]


def test_improvement_and_validation_above_training():
    improving, gap = diagnose(SIMPLE_CNN[:3], is_over=False)
    assert (improving.kind, improving.level) == ("improving", "good")
    assert "18%" in improving.text
    assert gap.kind == "validation_above_training"
    assert "98.8%" in gap.text and "97.5%" in gap.text


@pytest.mark.parametrize(
    ("config", "noise", "words"),
    [
        (TrainConfig(dropout=0.0), (), "averaged over the epoch."),
        (TrainConfig(), ("dropout",), "averaged over the epoch, with dropout on."),
        (TrainConfig(net="lightning_cnn", flip=True), ("augmentation",), "with augmentation on."),
        (
            TrainConfig(augmentation=1.0),
            ("dropout", "augmentation"),
            "with dropout and augmentation on.",
        ),
    ],
)
def test_validation_above_training_names_only_what_is_on(config, noise, words):
    assert list_training_noise(config) == noise
    _, gap = diagnose(SIMPLE_CNN[:3], is_over=False, training_noise=noise)
    assert gap.text.endswith(words)


def test_ended_run_that_still_improves_should_be_resumed():
    assert "Resume" in diagnose(SIMPLE_CNN[:3], is_over=True)[0].advice


def test_ended_run_names_its_best_epoch():
    finding = diagnose(SIMPLE_CNN, is_over=True)[0]
    assert (finding.kind, finding.level, finding.epoch) == ("finished", "good", 5)
    assert "98.93%" in finding.text


def test_overfitting_names_its_epoch_and_figures():
    finding = diagnose(OVERFITTED, is_over=False)[0]
    assert (finding.kind, finding.epoch) == ("overfitting", 5)
    assert "since epoch 5" in finding.text
    assert "0.390 to 0.530" in finding.text and "0.180 to 0.010" in finding.text


def test_one_bad_epoch_is_not_overfitting():
    assert "overfitting" not in find_kinds(OVERFITTED[:5])
    # The same curve, one epoch later.
    assert "overfitting" in find_kinds(OVERFITTED[:6])


def test_overfitting_needs_validation_data():
    assert find_kinds(build_history([0.5, 0.2, 0.1, 0.0999])) == ["finished"]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_diverged_loss(value):
    finding = diagnose(build_history([2.3, value]), is_over=True)[0]
    assert (finding.kind, finding.level, finding.epoch) == ("nan_loss", "problem", 2)
    assert "smaller learning rate" in finding.advice


def test_chance_accuracy():
    history = build_history([14.5, 2.31, 2.31], accuracies=[0.1, 0.104, 0.099])
    assert find_kinds(history) == ["chance_accuracy"]
    finding = diagnose(history, is_over=False)[0]
    assert "10%" in finding.text and "learned nothing" in finding.text


def test_rising_training_loss_means_lr_too_high():
    history = build_history([0.9, 0.5, 0.8, 1.4], accuracies=[0.7, 0.83, 0.75, 0.5])
    finding = diagnose(history, is_over=False)[0]
    assert (finding.kind, finding.epoch) == ("lr_too_high", 3)
    assert "0.500 in epoch 2" in finding.text


def test_oscillating_training_loss_means_lr_too_high():
    losses = [0.9, 0.5, 0.7, 0.45, 0.66, 0.4, 0.6, 0.41]
    assert find_kinds(build_history(losses)) == ["lr_too_high"]


def test_underfitting_is_reported_only_after_the_end():
    history = build_history([0.9, 0.74, 0.731, 0.7305], [0.88, 0.73, 0.729, 0.7288],
                            [0.71, 0.772, 0.7745, 0.775])  # fmt: skip
    assert find_kinds(history, is_over=True) == ["underfitting"]
    assert find_kinds(history, is_over=False) == ["too_early"]
    assert "77.5%" in diagnose(history, is_over=True)[0].text


def test_best_epoch_has_the_lowest_validation_loss():
    assert find_best_epoch(OVERFITTED) == 4
    assert find_best_epoch(build_history([0.5, 0.4, 0.45])) == 2
    assert find_best_epoch(build_history([math.nan])) is None
    assert find_best_epoch([]) is None


def build_plateau(n_since_best):
    """Epoch 3 is the best, and the losses after it barely differ."""
    losses = [0.5, 0.3, 0.2, *[0.2005] * n_since_best]
    return build_history(losses, losses)


@pytest.mark.parametrize("n_since_best", [1, 2])
def test_a_plateau_is_not_announced_too_early(n_since_best):
    (finding,) = diagnose(build_plateau(n_since_best), is_over=False)
    assert finding.kind == "too_early"
    assert finding.text == "Epoch 3 is the best so far."


def test_a_plateau_counts_the_epochs_since_the_best():
    (finding,) = diagnose(build_plateau(3), is_over=False)
    assert (finding.kind, finding.epoch) == ("plateau", 3)
    assert finding.text == "Plateau: no improvement for 3 epochs; the best is epoch 3."
