"""How long a run takes, before it is started."""

from dataclasses import replace

import pytest

from digitlab.files import write_json
from digitlab.model_store.store import get_model
from digitlab.runs.duration import estimate_duration_s, measure_slowness
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from digitlab.training.recipes import RECIPES
from tests.unit.histories import write_history


def test_more_work_takes_longer():
    config = TrainConfig()
    seconds = estimate_duration_s(config)
    assert 20 < seconds < 300
    assert estimate_duration_s(replace(config, epochs=10)) > 1.5 * seconds
    assert estimate_duration_s(replace(config, augmentation=1.0)) > seconds
    assert estimate_duration_s(replace(config, training_fraction=0.01)) < 0.3 * seconds
    assert estimate_duration_s(config, slowness=3.0) == pytest.approx(3 * seconds)
    assert estimate_duration_s(RECIPES["shipped"].config) > 600


def test_the_last_runs_tell_how_fast_this_machine_is():
    default = measure_slowness()
    run = create_run(TrainConfig())
    # An epoch takes 7.5 seconds in this history.
    write_history(run, 3)
    assert measure_slowness() == default
    card = get_model("simple_cnn").card
    for n_training, other in ((40_000, 4_000),):
        write_json(run.directory / "card.json", card | {"data": {"n_training": n_training}})
        fast = measure_slowness()
        write_json(run.directory / "card.json", card | {"data": {"n_training": other}})
        assert measure_slowness() == pytest.approx(10 * fast)
    (run.directory / "config.json").write_text("{")
    assert measure_slowness() == default
