"""The learning rate range test, by the real command and process."""

import json

from digitlab.cli.main import main
from digitlab.runs.lr_range import find_lr_range_job
from digitlab.training.config import TrainConfig


def test_sgd_needs_a_higher_rate_than_adam(capsys):
    suggestions = {}
    for optimizer in ("sgd", "adam"):
        options = [
            "--net",
            "logistic_regression",
            "--optimizer",
            optimizer,
            "--augmentation",
            "0.3",
        ]
        assert main(["lr-range", "--json", *options]) == 0
        result = json.loads(capsys.readouterr().out)
        assert result["rates"] == sorted(result["rates"])
        assert result["losses"][0] > min(result["smoothed"])
        suggestions[optimizer] = result["suggestion"]
    assert suggestions["sgd"] > 3 * suggestions["adam"] > 1e-3
    config = TrainConfig(net="logistic_regression", optimizer="adam", augmentation=0.3)
    assert find_lr_range_job(config).read_result().suggestion == suggestions["adam"]


def test_unusable_settings_are_one_sentence(capsys):
    assert main(["lr-range", "--set", "training_fraction=0.001"]) == 1
    assert "training_fraction is 0.001" in capsys.readouterr().err
