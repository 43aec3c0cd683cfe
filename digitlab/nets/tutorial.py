"""The two networks of the classic MNIST tutorials, layer by layer."""

from digitlab.nets.options import NetOptions
from digitlab.nets.plan import Flattening, Layer, Rescaling, classify, connect, convolve, drop


def plan_simple_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Two convolutions and a dense layer with dropout: 121,930 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *convolve(options, 32, pool="last"),  # (13, 13, 32)
        *convolve(options, 64, pool="last"),  # (5, 5, 64)
        Flattening(),  # 1,600
        *connect(options, 64),
        *drop(options, 0.5),
        *classify(n_classes),
    ]


def plan_three_conv_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Three convolutions and a dense layer: 93,322 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *convolve(options, 32, pool="last"),  # (13, 13, 32)
        *convolve(options, 64, pool="last"),  # (5, 5, 64)
        *convolve(options, 64),  # (3, 3, 64)
        Flattening(),  # 576
        *connect(options, 64),
        *drop(options, 0.0),
        *classify(n_classes),
    ]
