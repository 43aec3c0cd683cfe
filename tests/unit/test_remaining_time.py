"""The time left of a run: nothing before it is stable, then a robust estimate."""

import pytest

from digitlab.worker.remaining_time import RemainingTime


def test_no_estimate_from_the_first_batches():
    left = RemainingTime(n_batches=100)
    # TensorFlow compiles the network in the first batch.
    left.add_batches(1, 12.0)
    assert left.estimate_s(500) == -1
    for _ in range(7):
        left.add_batches(5, 0.25)
        assert left.estimate_s(500) == -1
    left.add_batches(5, 0.25)
    assert left.estimate_s(500) == pytest.approx(25)


def test_a_pause_of_the_machine_hardly_changes_the_estimate():
    left = RemainingTime(n_batches=100)
    for seconds in (12.0, *[0.25] * 12, 30.0, *[0.25] * 4):
        left.add_batches(5, seconds)
    assert left.estimate_s(100) == pytest.approx(5)
    for seconds in (6.0, 6.2, 60.0):
        left.add_epoch(seconds)
    assert left.estimate_s(100) == pytest.approx(6.2)


def test_the_first_epoch_counts_without_compiling():
    left = RemainingTime(n_batches=100)
    left.add_batches(1, 12.0)
    for _ in range(9):
        left.add_batches(11, 0.55)
    left.add_epoch(17.5)
    # 100 batches of 0.05 seconds, and 0.55 seconds of validation.
    assert left.estimate_s(200) == pytest.approx(11.1, abs=0.01)


def test_an_epoch_of_a_single_batch():
    left = RemainingTime(n_batches=1)
    left.add_batches(1, 3.0)
    left.add_epoch(3.1)
    assert left.estimate_s(4) == pytest.approx(12.4)
