"""The diagnosis, on curves as they really come."""

import math

import pytest

from digitlab.training.diagnosis import diagnose, find_best_epoch


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


# The tutorials' simple_cnn on MNIST, five epochs.
TUTORIAL = build_history(
    [0.359, 0.112, 0.083, 0.068, 0.058],
    [0.067, 0.051, 0.042, 0.037, 0.0368],
    [0.889, 0.966, 0.975, 0.979, 0.982],
    [0.981, 0.985, 0.988, 0.989, 0.9893],
)
# A network without dropout on 500 digits.
BY_HEART = build_history(
    [1.62, 0.61, 0.33, 0.18, 0.09, 0.04, 0.02, 0.01],
    [0.88, 0.49, 0.41, 0.39, 0.42, 0.45, 0.49, 0.53],
)


def tell_kinds(history, *, is_over=True):
    return [finding.kind for finding in diagnose(history, is_over=is_over)]


def test_nothing_is_said_before_the_first_epoch():
    assert diagnose([], is_over=False) == ()


def test_one_epoch_is_too_early():
    assert tell_kinds(TUTORIAL[:1], is_over=False) == ["early"]


def test_a_running_tutorial_improves_and_the_odd_gap_is_explained():
    improving, gap = diagnose(TUTORIAL[:3], is_over=False)
    assert (improving.kind, improving.level) == ("improving", "good")
    assert "18%" in improving.text
    assert gap.kind == "better_than_training"
    assert "98.8%" in gap.text and "97.5%" in gap.text


def test_an_ended_run_that_still_improves_should_be_resumed():
    assert "resume" in diagnose(TUTORIAL[:3], is_over=True)[0].advice


def test_a_tutorial_that_is_level_finished_well():
    finding = diagnose(TUTORIAL, is_over=True)[0]
    assert (finding.kind, finding.level, finding.epoch) == ("finished", "good", 5)
    assert "98.93%" in finding.text


def test_overfitting_names_its_epoch_and_figures():
    finding = diagnose(BY_HEART, is_over=False)[0]
    assert (finding.kind, finding.epoch) == ("overfitting", 5)
    assert "since epoch 5" in finding.text
    assert "0.390 to 0.530" in finding.text and "0.180 to 0.010" in finding.text


def test_one_bad_epoch_is_not_yet_overfitting():
    assert tell_kinds(BY_HEART[:5]) != ["overfitting"]


def test_without_validation_there_is_no_overfitting_to_be_seen():
    assert tell_kinds(build_history([0.5, 0.2, 0.1, 0.0999])) == ["finished"]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number(value):
    finding = diagnose(build_history([2.3, value]), is_over=True)[0]
    assert (finding.kind, finding.level, finding.epoch) == ("not_a_number", "problem", 2)
    assert "smaller learning rate" in finding.advice


def test_guessing_is_called_so():
    history = build_history([14.5, 2.31, 2.31], accuracies=[0.1, 0.104, 0.099])
    assert tell_kinds(history) == ["guessing"]
    finding = diagnose(history, is_over=False)[0]
    assert "10%" in finding.text and "learned nothing" in finding.text


def test_a_rising_training_loss_is_a_rate_too_high():
    history = build_history([0.9, 0.5, 0.8, 1.4], accuracies=[0.7, 0.83, 0.75, 0.5])
    finding = diagnose(history, is_over=False)[0]
    assert (finding.kind, finding.epoch) == ("rate_too_high", 3)
    assert "0.500 in epoch 2" in finding.text


def test_a_jumping_training_loss_is_a_rate_too_high():
    losses = [0.9, 0.5, 0.7, 0.45, 0.66, 0.4, 0.6, 0.41]
    assert tell_kinds(build_history(losses)) == ["rate_too_high"]


def test_underfitting_is_told_only_when_it_is_over():
    history = build_history([0.9, 0.74, 0.731, 0.7305], [0.88, 0.73, 0.729, 0.7288],
                            [0.71, 0.772, 0.7745, 0.775])  # fmt: skip
    assert tell_kinds(history, is_over=True) == ["underfitting"]
    assert tell_kinds(history, is_over=False) == ["finished"]
    assert "77.5%" in diagnose(history, is_over=True)[0].text


def test_the_best_epoch_is_the_one_whose_weights_are_kept():
    assert find_best_epoch(BY_HEART) == 4
    assert find_best_epoch(build_history([0.5, 0.4, 0.45])) == 2
    assert find_best_epoch(build_history([math.nan])) is None
    assert find_best_epoch([]) is None
