import pytest

from digitlab.training.config import SCHEDULES, TrainConfig
from digitlab.training.lr_schedules import compute_rates
from digitlab.worker.optimization import choose_steps_per_execution


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_rate_never_exceeds_its_peak(schedule):
    rates = compute_rates(TrainConfig(schedule=schedule, learning_rate=0.02), 101)
    assert rates.shape == (101,)
    assert rates.max() == pytest.approx(0.02)
    assert rates.min() > 0


def test_each_schedule_has_its_course():
    def at(schedule):
        return compute_rates(TrainConfig(schedule=schedule, learning_rate=1.0), 101)

    assert set(at("constant")) == {1.0}
    assert at("exponential")[[0, 50, 100]] == pytest.approx([1, 0.1, 0.01])
    assert at("cosine")[[0, 10, 100]] == pytest.approx([0.01, 1, 0.01])
    assert at("one_cycle")[[0, 30, 100]] == pytest.approx([0.04, 1, 1e-4])


def test_large_networks_report_after_every_step_or_so():
    assert choose_steps_per_execution(TrainConfig(), 800) > 5
    assert choose_steps_per_execution(TrainConfig(), 3) == 3
    assert choose_steps_per_execution(TrainConfig(net="digitlab_cnn", batch_size=1024), 800) == 1
    assert choose_steps_per_execution(TrainConfig(steps_per_execution=50), 800) == 50
    assert choose_steps_per_execution(TrainConfig(steps_per_execution=50), 8) == 8
