"""The two networks of the classic MNIST tutorials, layer by layer.

Pixels enter as 0 to 255; the first layer scales them, so that every export does it too.
"""

import keras
from keras import layers

ImageShape = tuple[int, int, int]


def build_simple_cnn(image_shape: ImageShape, n_classes: int) -> keras.Model:
    """Two convolutions and a dense layer with dropout: 121,930 parameters on 28x28 grey."""
    return keras.Sequential(
        [
            keras.Input(image_shape),  # (28, 28, 1)
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),  # (26, 26, 32)
            layers.MaxPooling2D(2),  # (13, 13, 32)
            layers.Conv2D(64, 3, activation="relu"),  # (11, 11, 64)
            layers.MaxPooling2D(2),  # (5, 5, 64)
            layers.Flatten(),  # 1,600
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(n_classes, activation="softmax"),
        ],
        name="simple_cnn",
    )


def build_three_conv_cnn(image_shape: ImageShape, n_classes: int) -> keras.Model:
    """Three convolutions and a dense layer: 93,322 parameters on 28x28 grey."""
    return keras.Sequential(
        [
            keras.Input(image_shape),  # (28, 28, 1)
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),  # (26, 26, 32)
            layers.MaxPooling2D(2),  # (13, 13, 32)
            layers.Conv2D(64, 3, activation="relu"),  # (11, 11, 64)
            layers.MaxPooling2D(2),  # (5, 5, 64)
            layers.Conv2D(64, 3, activation="relu"),  # (3, 3, 64)
            layers.Flatten(),  # 576
            layers.Dense(64, activation="relu"),
            layers.Dense(n_classes, activation="softmax"),
        ],
        name="three_conv_cnn",
    )
