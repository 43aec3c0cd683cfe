import pytest

from digitlab.training.config import TrainConfig
from digitlab.training.config_warnings import find_config_warnings


def test_defaults_have_no_warning():
    assert find_config_warnings(TrainConfig()) == []


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"loss": "mse", "label_smoothing": 0.1}, "has no effect with this loss"),
        ({"momentum": 0.9}, "Adam ignores the momentum setting. Choose SGD or SGD with momentum"),
        ({"optimizer": "rmsprop", "momentum": 0.9}, "RMSprop ignores the momentum"),
        ({"optimizer": "momentum", "momentum": 0.0}, "the same as SGD when momentum is 0"),
        ({"schedule": "plateau", "epochs": 1}, "learning rate never changes"),
        ({"schedule": "plateau", "epochs": 20, "early_stopping": 2}, "set a patience above 2"),
        ({"schedule": "one_cycle", "epochs": 20, "early_stopping": 3}, "One cycle gains most"),
        ({"early_stopping": 5, "epochs": 5}, "Early stopping has no effect"),
        ({"early_stopping": 2, "validation_split": 0.0}, "monitors the training loss"),
        ({"schedule": "plateau", "validation_split": 0.0}, "monitors the training loss"),
        ({"flip": True}, "is for photos"),
        ({"rotation_deg": 90.0}, "a 6 may become a 9"),
        ({"dataset": "cifar10", "augmentation": 1.0}, "Elastic deformation distorts photos"),
        ({"training_fraction": 0.001, "batch_size": 32}, "About 54 images are few"),
        ({"training_fraction": 0.01, "batch_size": 1024}, "a single step"),
        ({"l2": 1e-3, "optimizer": "adamw", "weight_decay": 1e-3}, "nearly the same effect"),
        ({"l2": 0.5}, "may not learn at all"),
        ({"optimizer": "adamw"}, "AdamW is the same as Adam when weight decay is 0"),
    ],
)
def test_each_mistake_has_one_warning(values, text):
    warnings = find_config_warnings(TrainConfig(**values))
    assert len(warnings) == 1
    assert text in warnings[0]
    assert warnings[0][0].isupper()
    assert warnings[0].endswith(".")


@pytest.mark.parametrize(
    "values",
    [
        {"dataset": "cifar10", "augmentation": 1.0, "elastic": 0.0, "flip": True},
        {"dataset": "fashion_mnist", "flip": True},
        {"optimizer": "sgd", "momentum": 0.0},
        {"optimizer": "momentum", "momentum": 0.5},
        {"optimizer": "adamw", "weight_decay": 0.001},
        {"label_smoothing": 0.1},
        {"schedule": "plateau", "epochs": 20, "early_stopping": 5},
        {"schedule": "exponential", "epochs": 20, "early_stopping": 5},
    ],
)
def test_sensible_settings_have_no_warning(values):
    assert find_config_warnings(TrainConfig(**values)) == []
