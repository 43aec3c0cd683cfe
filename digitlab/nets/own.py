"""digitlab's own networks: one for accuracy, one for speed, one for colour photos."""

from digitlab.nets.options import NetOptions
from digitlab.nets.plan import Flattening, Layer, Rescaling, classify, connect, convolve, drop


def plan_digitlab_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Four convolutions with batch normalisation: about 247,000 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *convolve(options, 32, 5, pool="first", own_norm=True),  # (12, 12, 32)
        *convolve(options, 64, padding="same", pool="first", own_norm=True),  # (6, 6, 64)
        *convolve(options, 128, padding="same", own_norm=True),  # (6, 6, 128)
        *convolve(options, 128, pool="first", own_norm=True),  # (2, 2, 128)
        Flattening(),  # 512
        *drop(options, 0.3),
        *classify(n_classes),
    ]


def plan_lightning_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Two slim convolutions that look at every second pixel: 99 % in seconds on a CPU.

    Pooling before the activation saves work; a stride saves three quarters of the convolution
    as well, and the pooling, which takes a CPU longer than such small convolutions
    (`python -m benchmarks.lightning`).
    """
    return [
        Rescaling(),  # (28, 28, 1)
        *convolve(options, 16, 5, stride=2, own_norm=True),  # (12, 12, 16)
        *convolve(options, 32, 5, stride=2, own_norm=True),  # (4, 4, 32)
        Flattening(),  # 512
        *connect(options, 64),
        *drop(options, 0.0),
        *classify(n_classes),
    ]


def plan_photo_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Three convolutions with batch normalisation and a dense layer, for 32x32 colour photos."""
    return [
        Rescaling(),  # (32, 32, 3)
        *convolve(options, 32, padding="same", pool="first", own_norm=True),  # (16, 16, 32)
        *convolve(options, 64, padding="same", pool="first", own_norm=True),  # (8, 8, 64)
        *convolve(options, 128, padding="same", pool="first", own_norm=True),  # (4, 4, 128)
        Flattening(),  # 2,048
        *connect(options, 128),
        *drop(options, 0.4),
        *classify(n_classes),
    ]
