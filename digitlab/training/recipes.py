"""Recipes: ready-made settings, each of which demonstrates one thing."""

from dataclasses import dataclass

from digitlab.errors import ConfigError
from digitlab.training.config import TrainConfig


@dataclass(frozen=True)
class Recipe:
    """A named set of settings.

    Attributes:
        summary: a few words for a button.
        help: one sentence on what the run demonstrates.
    """

    id: str
    label: str
    summary: str
    help: str
    config: TrainConfig


_TUTORIALS = (
    Recipe(
        "simple_cnn",
        "Simple CNN",
        "Tutorial, 99\u00a0%",
        "The network of most MNIST tutorials: two convolutions reach 99 % in five epochs.",
        TrainConfig(net="simple_cnn", epochs=5, batch_size=64, validation_split=0.1),
    ),
    Recipe(
        "three_conv_cnn",
        "Three convolutions",
        "Tutorial, one-hot labels",
        "The tutorials' deeper network, trained with one-hot labels and categorical cross-entropy; "
        "class numbers with sparse cross-entropy give the same result.",
        TrainConfig(
            net="three_conv_cnn", epochs=10, validation_split=0.2, loss="categorical_crossentropy"
        ),
    ),
)

_PHOTO_TUTORIALS = (
    Recipe(
        "cifar10_classic",
        "Classic CNN: CIFAR-10",
        "Tutorial for photos",
        "The tutorials' first network for photos. They choose its best epoch on the test set, "
        "which makes the result look better than it is; here held-out training photos choose it.",
        TrainConfig(
            dataset="cifar10", net="classic_cnn", epochs=10, loss="categorical_crossentropy"
        ),
    ),
    Recipe(
        "cifar10_vgg",
        "VGG-style: CIFAR-10",
        "Tutorial, augmentation",
        "Batch normalisation, dropout and augmentation in a deeper network. The tutorial chooses "
        "its best epoch on the test set, which makes the result look better than it is; here "
        "held-out training photos choose it.",
        TrainConfig(
            dataset="cifar10", net="vgg_bn_cnn", epochs=50, loss="categorical_crossentropy",
            schedule="plateau", early_stopping=10, rotation_deg=15.0, shift_px=3.2, zoom=0.2,
            flip=True,
        ),
    ),
)  # fmt: skip

_FAST_AND_ACCURATE = (
    Recipe(
        "lightning",
        "99 % in seconds",
        "One-cycle schedule",
        "A small network with stride 2 and a one-cycle learning rate reaches the accuracy of the "
        "tutorials in a fraction of the time.",
        TrainConfig(
            net="lightning_cnn", epochs=2, batch_size=128, learning_rate=0.01, schedule="one_cycle"
        ),
    ),
    Recipe(
        "digitlab_cnn",
        "Best on MNIST",
        "Augmentation, EMA",
        "Augmentation, averaged weights (EMA) and a cosine schedule reach 99.6 %.",
        TrainConfig(
            net="digitlab_cnn", epochs=20, batch_size=128, optimizer="adamw", learning_rate=0.003,
            schedule="cosine", weight_decay=0.001, ema_momentum=0.998, augmentation=1.0,
            exclude_sample=True, seed=3,
        ),
    ),
    Recipe(
        "shipped",
        "The shipped model",
        "Also rejects non-digits",
        "Trains on MNIST, pen strokes, generated pictures and negatives, so that it also rejects "
        "input that is not a digit. The shipped model starts from such a run and learns from "
        "three. Needs the pen strokes in DIGITLAB_DATA.",
        TrainConfig(
            dataset="handwriting", net="digitlab_resnet", epochs=16,
            batch_size=128, optimizer="adamw", learning_rate=0.003, schedule="cosine",
            weight_decay=0.001, ema_momentum=0.998, augmentation=1.0, degradation=0.3,
            exclude_sample=True, calibrate=True, seed=3,
        ),
    ),
)  # fmt: skip

_DEMONSTRATIONS = (
    Recipe(
        "overfitting",
        "Overfitting",
        "1 % of the images",
        "With 1 % of the images and no regularisation the network memorises them: training loss "
        "falls to zero while validation loss rises.",
        TrainConfig(epochs=40, batch_size=32, training_fraction=0.01, dropout=0.0),
    ),
    Recipe(
        "underfitting",
        "Underfitting",
        "Strong L2, heavy dropout",
        "With strong L2 and heavy dropout the network cannot even fit its training data: both "
        "losses stay high. Validation looks better because dropout is off there.",
        TrainConfig(epochs=5, training_fraction=0.2, dropout=0.8, l2=0.05),
    ),
    Recipe(
        "diverging",
        "Learning rate too high",
        "The loss stays high",
        "Every step overshoots: the loss jumps at once and never comes down.",
        TrainConfig(epochs=5, training_fraction=0.2, learning_rate=0.1),
    ),
)

_OTHER_DATA = (
    Recipe(
        "cifar10",
        "Photo CNN: CIFAR-10",
        "Ten classes of photos",
        "Ten classes of photos are much harder than ten digits. Flips and shifts help.",
        TrainConfig(
            dataset="cifar10", net="photo_cnn", epochs=15, batch_size=128, optimizer="adamw",
            learning_rate=0.004, schedule="one_cycle", weight_decay=0.01, shift_px=3.0, flip=True,
        ),
    ),
    Recipe(
        "imagenet",
        "ImageNet base",
        "500 photos, two phases",
        "A base trained on ImageNet classifies CIFAR-10 after 500 photos: first only a new head "
        "learns, in seconds, then all layers are fine-tuned. From random weights, 500 photos are "
        "far too few.",
        TrainConfig(
            dataset="cifar10", net="mobilenet_v2", init_from="imagenet", epochs=25,
            frozen_epochs=20, training_fraction=0.0111, batch_size=32,
        ),
    ),
    Recipe(
        "vgg16_digits",
        "VGG16: digits",
        "Tutorial, not frozen",
        "The tutorials' VGG16 with ImageNet weights on digits enlarged to 48×48 in three channels, "
        "all layers trained at once. Slow on a CPU: a fraction of the digits is enough to see it.",
        TrainConfig(
            net="vgg16", init_from="imagenet", epochs=3, training_fraction=0.05, dropout=0.0,
            learning_rate=0.0001,
        ),
    ),
    Recipe(
        "vgg16_photos",
        "VGG16: photos",
        "Tutorial, frozen",
        "The tutorials' VGG16 with frozen ImageNet weights on CIFAR-10: only the new head learns, "
        "on features that are computed once. The tutorial chooses its best epoch on the test set; "
        "here held-out training photos choose it.",
        TrainConfig(
            dataset="cifar10", net="vgg16", init_from="imagenet", epochs=20, frozen_epochs=20,
            training_fraction=0.2, loss="categorical_crossentropy",
        ),
    ),
    Recipe(
        "transfer",
        "Transfer learning",
        "From digits to clothes",
        "Trains on 500 images of Fashion-MNIST, starting from the weights of a digit classifier. "
        "Compare it with the same run from random weights: digits and clothes have too little in "
        "common for a gain.",
        TrainConfig(
            dataset="fashion_mnist", init_from="simple_cnn", epochs=20, training_fraction=0.00926,
            batch_size=32,
        ),
    ),
)  # fmt: skip

RECIPES: dict[str, Recipe] = {
    recipe.id: recipe
    for recipe in (
        *_TUTORIALS,
        *_FAST_AND_ACCURATE,
        *_DEMONSTRATIONS,
        *_PHOTO_TUTORIALS,
        *_OTHER_DATA,
    )
}


def get_recipe(recipe_id: str) -> Recipe:
    """The recipe with this id.

    Raises:
        ConfigError: unknown id.
    """
    if recipe_id not in RECIPES:
        raise ConfigError(f"recipe is {recipe_id!r}; it must be one of {', '.join(RECIPES)}.")
    return RECIPES[recipe_id]


def find_recipe(config: TrainConfig) -> str | None:
    """The id of the recipe with exactly these settings; None if there is none."""
    return next((recipe.id for recipe in RECIPES.values() if recipe.config == config), None)
