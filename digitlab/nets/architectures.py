"""The networks, each defined by one function and one row of the table below."""

from collections.abc import Callable
from dataclasses import dataclass

from digitlab.errors import ConfigError
from digitlab.nets.layers import (
    Flattening,
    Layer,
    NetOptions,
    Rescaling,
    conv_block,
    dense_layer,
    dropout_layer,
    output_layer,
)


def plan_digitlab_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Four convolutions with batch normalization: about 247,000 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 32, 5, pool="first", default_norm=True),  # (12, 12, 32)
        *conv_block(options, 64, padding="same", pool="first", default_norm=True),  # (6, 6, 64)
        *conv_block(options, 128, padding="same", default_norm=True),  # (6, 6, 128)
        *conv_block(options, 128, pool="first", default_norm=True),  # (2, 2, 128)
        Flattening(),  # 512
        *dropout_layer(options, 0.3),
        *output_layer(n_classes),
    ]


def plan_lightning_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Two small convolutions with stride 2: 99 % accuracy within seconds on a CPU.

    A stride of 2 saves three quarters of each convolution, and the pooling, which takes a CPU
    longer than such small convolutions (`python -m benchmarks.lightning`).
    """
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 16, 5, stride=2, default_norm=True),  # (12, 12, 16)
        *conv_block(options, 32, 5, stride=2, default_norm=True),  # (4, 4, 32)
        Flattening(),  # 512
        *dense_layer(options, 64),
        *dropout_layer(options, 0.0),
        *output_layer(n_classes),
    ]


def plan_photo_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Three convolutions with batch normalization and a dense layer, for 32x32 colour photos."""
    return [
        Rescaling(),  # (32, 32, 3)
        *conv_block(options, 32, padding="same", pool="first", default_norm=True),  # (16, 16, 32)
        *conv_block(options, 64, padding="same", pool="first", default_norm=True),  # (8, 8, 64)
        *conv_block(options, 128, padding="same", pool="first", default_norm=True),  # (4, 4, 128)
        Flattening(),  # 2,048
        *dense_layer(options, 128),
        *dropout_layer(options, 0.4),
        *output_layer(n_classes),
    ]


def plan_simple_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Two convolutions and a dense layer with dropout: 121,930 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 32, pool="last"),  # (13, 13, 32)
        *conv_block(options, 64, pool="last"),  # (5, 5, 64)
        Flattening(),  # 1,600
        *dense_layer(options, 64),
        *dropout_layer(options, 0.5),
        *output_layer(n_classes),
    ]


def plan_three_conv_cnn(options: NetOptions, n_classes: int) -> list[Layer]:
    """Three convolutions and a dense layer: 93,322 parameters on 28x28 grey."""
    return [
        Rescaling(),  # (28, 28, 1)
        *conv_block(options, 32, pool="last"),  # (13, 13, 32)
        *conv_block(options, 64, pool="last"),  # (5, 5, 64)
        *conv_block(options, 64),  # (3, 3, 64)
        Flattening(),  # 576
        *dense_layer(options, 64),
        *dropout_layer(options, 0.0),
        *output_layer(n_classes),
    ]


@dataclass(frozen=True)
class NetSpec:
    """One network.

    Attributes:
        blurb: one line for the selection of a network.
        plan: takes the options and the number of classes and returns the layers in order.
    """

    id: str
    label: str
    blurb: str
    plan: Callable[[NetOptions, int], list[Layer]]


_SPECS = (
    NetSpec(
        "simple_cnn",
        "Simple CNN",
        "The network of most tutorials: two convolutions, a dense layer, dropout.",
        plan_simple_cnn,
    ),
    NetSpec(
        "three_conv_cnn",
        "Three-convolution CNN",
        "The deeper network of tutorials: three convolutions, no dropout.",
        plan_three_conv_cnn,
    ),
    NetSpec(
        "digitlab_cnn",
        "digitlab CNN",
        "Most accurate: four convolutions with batch normalization, pooled before the activation.",
        plan_digitlab_cnn,
    ),
    NetSpec(
        "lightning_cnn",
        "Lightning CNN",
        "99 % within seconds: two small convolutions with stride 2.",
        plan_lightning_cnn,
    ),
    NetSpec(
        "photo_cnn",
        "Photo CNN",
        "For small colour photos (CIFAR-10): three convolutions with batch normalization.",
        plan_photo_cnn,
    ),
)

NETS: dict[str, NetSpec] = {spec.id: spec for spec in _SPECS}


def get_net_spec(net_id: str) -> NetSpec:
    """Return the spec with this id.

    Raises:
        ConfigError: no network has this id.
    """
    if net_id not in NETS:
        raise ConfigError(f"net is {net_id!r}; it must be one of {', '.join(NETS)}.")
    return NETS[net_id]
