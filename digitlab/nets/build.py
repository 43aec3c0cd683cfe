"""Build a network of the registry by its id: the only module of networks that knows Keras."""

from typing import assert_never

import keras
from keras import layers

from digitlab.nets import plan
from digitlab.nets.options import NetOptions
from digitlab.nets.registry import get_net_spec

_OWN_DESIGN = NetOptions()
# The averages must follow a schedule of some ten epochs; Keras's default of 0.99 lags behind.
_NORM_MOMENTUM = 0.9


def build_net(
    net_id: str,
    image_shape: tuple[int, ...],
    n_classes: int,
    options: NetOptions = _OWN_DESIGN,
) -> keras.Model:
    """Build a network for images of one shape.

    Args:
        net_id: an id of the registry.
        image_shape: `(h, w)` for grey images, `(h, w, channels)` for others.
        n_classes: how many classes the output has.
        options: departures from the network's own design.
    Returns:
        An uncompiled model: uint8-ranged images `(n, h, w, channels)` in, probabilities out.
    Raises:
        ConfigError: no network has this id.
    """
    with_channels = image_shape if len(image_shape) == 3 else (*image_shape, 1)
    planned = get_net_spec(net_id).plan(options, n_classes)
    return keras.Sequential(
        [keras.Input(with_channels), *(_build_layer(layer, options) for layer in planned)],
        name=net_id,
    )


def _build_layer(layer: plan.Layer, options: NetOptions) -> keras.layers.Layer:
    match layer:
        case plan.Rescaling():
            built = layers.Rescaling(1 / 255)
        case plan.Convolution():
            built = layers.Conv2D(
                layer.filters,
                layer.kernel_px,
                strides=layer.stride,
                padding=layer.padding,
                activation=layer.activation,
                use_bias=layer.use_bias,
                kernel_regularizer=_build_penalty(options),
            )
        case plan.Pooling():
            built = layers.MaxPooling2D(2)
        case plan.Normalization():
            built = layers.BatchNormalization(momentum=_NORM_MOMENTUM)
        case plan.Activation():
            built = layers.Activation(layer.function)
        case plan.Flattening():
            built = layers.Flatten()
        case plan.Dropout():
            built = layers.Dropout(layer.rate)
        case plan.Dense():
            built = layers.Dense(
                layer.units,
                activation=layer.activation,
                kernel_regularizer=_build_penalty(options),
            )
        case _:
            assert_never(layer)
    return built


def _build_penalty(options: NetOptions) -> keras.regularizers.Regularizer | None:
    if not options.l1 and not options.l2:
        return None
    return keras.regularizers.L1L2(l1=options.l1, l2=options.l2)
