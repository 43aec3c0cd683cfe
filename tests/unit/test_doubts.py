import pytest

from digitlab.training.config import TrainConfig
from digitlab.training.config_warnings import find_config_warnings


def test_the_defaults_raise_no_doubt():
    assert find_config_warnings(TrainConfig()) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"loss": "mse", "label_smoothing": 0.1}, "not used"),
        ({"momentum": 0.9}, "adam has its own"),
        ({"optimizer": "momentum", "momentum": 0.0}, "plain sgd"),
        ({"schedule": "plateau", "epochs": 1}, "stays as it is"),
        ({"schedule": "plateau", "epochs": 20, "early_stopping": 2}, "more patience"),
        ({"schedule": "one_cycle", "epochs": 20, "early_stopping": 3}, "last epochs"),
        ({"early_stopping": 5, "epochs": 5}, "cannot act"),
        ({"early_stopping": 2, "validation_split": 0.0}, "without validation data"),
        ({"schedule": "plateau", "validation_split": 0.0}, "without validation data"),
        ({"flip": True}, "meant for photos"),
        ({"rotation_deg": 90.0}, "a 6 becomes a 9"),
        ({"dataset": "cifar10", "augmentation": 1.0}, "Set elastic to 0"),
        ({"training_fraction": 0.001, "batch_size": 32}, "About 54 images are few"),
        ({"training_fraction": 0.01, "batch_size": 1024}, "a single step"),
        ({"l2": 1e-3, "optimizer": "adamw", "weight_decay": 1e-3}, "nearly the same"),
        ({"l2": 0.5}, "keep the network from learning"),
        ({"optimizer": "adamw"}, "is Adam"),
    ],
)
def test_what_makes_no_sense_is_said_once(values, words):
    doubts = find_config_warnings(TrainConfig(**values))
    assert len(doubts) == 1
    assert words in doubts[0]
    assert doubts[0][0].isupper()
    assert doubts[0].endswith(".")


def test_photos_may_be_mirrored():
    config = TrainConfig(dataset="cifar10", augmentation=1.0, elastic=0.0, flip=True)
    assert find_config_warnings(config) == []
