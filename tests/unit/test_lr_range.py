"""What a learning rate range test finds in its losses."""

import itertools
import math

import pytest

from digitlab.figures.lr_range import describe_lr_range, lr_range_figure
from digitlab.runs.lr_range import find_lr_range_job
from digitlab.training.config import TrainConfig
from digitlab.training.lr_range import N_STEPS, compute_rate, evaluate_losses, has_diverged

RATES = [compute_rate(step) for step in range(N_STEPS)]


def describe(result):
    return describe_lr_range(result.rates, steepest=result.steepest, diverging=result.diverging)


def simulate(rate):
    """A loss that falls around 0.003 and diverges at 0.2."""
    fall = 1 / (1 + math.exp(-3 * math.log(rate / 0.003)))
    return 2.3 - 2 * fall + (rate / 0.2) ** 4


def test_the_rates_rise_by_equal_factors():
    assert (RATES[0], RATES[-1]) == pytest.approx((1e-6, 1.0))
    ratios = [second / first for first, second in itertools.pairwise(RATES)]
    assert max(ratios) == pytest.approx(min(ratios))


def test_the_steepest_and_the_diverging_point_are_found():
    result = evaluate_losses(RATES, [simulate(rate) for rate in RATES])
    # The average lags by some steps.
    assert 0.002 < result.steepest < 0.01
    assert 0.1 < result.diverging < 0.5
    assert result.suggestion == float(f"{result.steepest:.0e}")
    assert "falls fastest at 0.00" in describe(result)
    lines = lr_range_figure(
        result.rates,
        result.losses,
        result.smoothed,
        steepest=result.steepest,
        diverging=result.diverging,
    ).layout.annotations
    assert [line.text for line in lines] == ["steepest", "diverging"]


def test_a_loss_that_does_not_fall_gives_no_suggestion():
    result = evaluate_losses(RATES, [2.3 + rate for rate in RATES])
    assert result.steepest is None and result.suggestion is None
    assert "does not fall" in describe(result)


def test_a_loss_that_falls_to_the_end_does_not_diverge():
    result = evaluate_losses(RATES, [2.3 - 0.1 * math.log10(rate / 1e-6) for rate in RATES])
    assert result.diverging is None
    assert "does not diverge up to 1" in describe(result)


def test_the_test_ends_when_the_loss_is_no_number_or_far_above_its_lowest():
    losses = [2.3] * 30
    assert not has_diverged(losses)
    assert has_diverged([*losses, math.nan])
    assert has_diverged([*losses, *([60.0] * 5)])
    result = evaluate_losses(RATES[:31], [*losses, math.inf])
    assert len(result.losses) == 30
    assert evaluate_losses(RATES[:1], [math.nan]).suggestion is None


def test_settings_that_change_nothing_share_a_test():
    job = find_lr_range_job(TrainConfig())
    assert job == find_lr_range_job(TrainConfig(epochs=9, learning_rate=0.1, schedule="cosine"))
    assert job != find_lr_range_job(TrainConfig(batch_size=32))
