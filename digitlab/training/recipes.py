"""Ready-made settings, each of which teaches one thing."""

from dataclasses import dataclass

from digitlab.errors import ConfigError
from digitlab.training.config import TrainConfig


@dataclass(frozen=True)
class Recipe:
    """One set of settings.

    Attributes:
        teaches: one sentence on what a person sees by running it.
    """

    id: str
    label: str
    teaches: str
    config: TrainConfig


_TUTORIALS = (
    Recipe(
        "simple_cnn",
        "The tutorial: simple CNN",
        "The run of most MNIST tutorials: two convolutions reach 99 % within five epochs.",
        TrainConfig(net="simple_cnn", epochs=5, batch_size=64, validation_split=0.1),
    ),
    Recipe(
        "three_conv_cnn",
        "The tutorial: three convolutions",
        "The tutorials' deeper network with one-hot labels and categorical cross-entropy: the "
        "same result as with class numbers, written another way.",
        TrainConfig(
            net="three_conv_cnn", epochs=10, validation_split=0.2, loss="categorical_crossentropy"
        ),
    ),
)

_FAST_AND_GOOD = (
    Recipe(
        "lightning",
        "99 % in seconds",
        "A slim network that looks at every second pixel, and a learning rate that rises and "
        "falls once, reach the tutorials' accuracy in a fraction of their time.",
        TrainConfig(
            net="lightning_cnn", epochs=2, batch_size=128, learning_rate=0.01, schedule="one_cycle"
        ),
    ),
    Recipe(
        "digitlab_cnn",
        "The best on MNIST",
        "Augmentation, averaged weights and a cosine schedule bring 99.6 %: the first half of "
        "how the shipped model was made.",
        TrainConfig(
            net="digitlab_cnn", epochs=20, batch_size=128, optimizer="adamw", learning_rate=0.003,
            schedule="cosine", weight_decay=0.001, ema_momentum=0.998, augmentation=1.0,
            exclude_sample=True, seed=3,
        ),
    ),
    Recipe(
        "shipped",
        "The shipped model",
        "The second half: the network goes on with pen strokes, pictures of all kinds and things "
        "that are no digit, and learns to refuse (needs the pen strokes in DIGITLAB_DATA).",
        TrainConfig(
            dataset="handwriting", net="digitlab_cnn", init_from="digitlab_cnn", epochs=10,
            batch_size=128, optimizer="adamw", learning_rate=0.002, schedule="cosine",
            weight_decay=0.001, ema_momentum=0.998, augmentation=1.0, degradation=0.3,
            exclude_sample=True, calibrate=True, seed=1,
        ),
    ),
)  # fmt: skip

_DEMONSTRATIONS = (
    Recipe(
        "overfitting",
        "Overfitting",
        "With one image in a hundred and nothing against it, the network learns them by heart: "
        "training loss falls to zero while validation loss rises.",
        TrainConfig(epochs=40, batch_size=32, training_fraction=0.01, dropout=0.0),
    ),
    Recipe(
        "underfitting",
        "Underfitting",
        "Held back by a strong penalty and heavy dropout, the network cannot even learn what it "
        "is shown: both losses stay high (validation looks better, as nothing is dropped there).",
        TrainConfig(epochs=5, training_fraction=0.2, dropout=0.8, l2=0.05),
    ),
    Recipe(
        "diverging",
        "A learning rate too high",
        "Each step overshoots: the loss jumps up at once and never comes down.",
        TrainConfig(epochs=5, training_fraction=0.2, learning_rate=0.1),
    ),
)

_OTHER_DATA = (
    Recipe(
        "cifar10",
        "Colour photos: CIFAR-10",
        "Ten kinds of photos are much harder than ten digits: mirrored and shifted pictures help.",
        TrainConfig(
            dataset="cifar10", net="photo_cnn", epochs=15, batch_size=128, optimizer="adamw",
            learning_rate=0.004, schedule="one_cycle", weight_decay=0.01, shift_px=3.0, flip=True,
        ),
    ),
    Recipe(
        "transfer",
        "A head start: transfer",
        "Clothes from few pictures, begun with the weights of a network that reads digits: "
        "compare it with the same run without them.",
        TrainConfig(
            dataset="fashion_mnist", init_from="simple_cnn", epochs=10, training_fraction=0.02,
            batch_size=32,
        ),
    ),
)  # fmt: skip

RECIPES: dict[str, Recipe] = {
    recipe.id: recipe for recipe in (*_TUTORIALS, *_FAST_AND_GOOD, *_DEMONSTRATIONS, *_OTHER_DATA)
}


def get_recipe(recipe_id: str) -> Recipe:
    """The recipe with this id.

    Raises:
        ConfigError: there is none.
    """
    if recipe_id not in RECIPES:
        raise ConfigError(f"recipe is {recipe_id!r}; it must be one of {', '.join(RECIPES)}.")
    return RECIPES[recipe_id]
