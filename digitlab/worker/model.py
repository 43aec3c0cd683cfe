"""Build a network of the registry by its id: the only module of networks that knows Keras."""

from collections.abc import Iterator
from typing import assert_never

import keras
import numpy as np
from keras import layers as keras_layers

from digitlab.errors import ConfigError
from digitlab.model_store.store import StoredModel
from digitlab.nets import layers
from digitlab.nets.architectures import get_net_spec
from digitlab.nets.layers import NetOptions

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


def _build_layer(layer: layers.Layer, options: NetOptions) -> keras.layers.Layer:
    match layer:
        case layers.Rescaling():
            built = keras_layers.Rescaling(1 / 255)
        case layers.Convolution():
            built = keras_layers.Conv2D(
                layer.filters,
                layer.kernel_px,
                strides=layer.stride,
                padding=layer.padding,
                activation=layer.activation,
                use_bias=layer.use_bias,
                kernel_regularizer=_build_penalty(options),
            )
        case layers.Pooling():
            built = keras_layers.MaxPooling2D(2)
        case layers.Normalization():
            built = keras_layers.BatchNormalization(momentum=_NORM_MOMENTUM)
        case layers.Activation():
            built = keras_layers.Activation(layer.function)
        case layers.Flattening():
            built = keras_layers.Flatten()
        case layers.Dropout():
            built = keras_layers.Dropout(layer.rate)
        case layers.Dense():
            built = keras_layers.Dense(
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


def transfer_weights(source: StoredModel, model: keras.Model) -> int:
    """Take over a shelved model's weights, layer by layer, where the shapes fit.

    Layers of one kind are matched in their order, so that a dropout layer more or less does not
    matter. A last layer with more classes takes over those that the source knows.

    Args:
        source: a model on the shelf.
        model: of the same architecture but perhaps with other classes; changed in place.
    Returns:
        How many layers were taken over.
    Raises:
        ConfigError: no layer fits.
    """
    # Shelved files are ours or the person's own; code in them is refused all the same.
    old = keras.saving.load_model(source.directory / "model.keras", compile=False, safe_mode=True)
    n_taken = 0
    for layer, old_layer in _match_layers(model, old):
        weights, known = layer.get_weights(), old_layer.get_weights()
        if len(weights) != len(known):
            continue
        if layer is model.layers[-1]:
            known = [_widen(old, new) for old, new in zip(known, weights, strict=True)]
        if all(old.shape == new.shape for old, new in zip(known, weights, strict=True)):
            layer.set_weights(known)
            n_taken += 1
    if not n_taken:
        raise ConfigError(
            f"init_from is {source.id!r}, but none of its layers fits the chosen network. "
            "Choose the network that it was trained with."
        )
    return n_taken


def _match_layers(
    model: keras.Model, old: keras.Model
) -> Iterator[tuple[keras.layers.Layer, keras.layers.Layer]]:
    """Each layer with weights, and the layer of its kind at the same place in the other model."""
    rest = [layer for layer in old.layers if layer.weights]
    for layer in model.layers:
        if not layer.weights:
            continue
        same_kind = next((other for other in rest if type(other) is type(layer)), None)
        if same_kind is not None:
            rest.remove(same_kind)
            yield layer, same_kind


def _widen(known: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Weights of the classes that are known, and the new ones of the others."""
    n_known = known.shape[-1]
    if known.shape[:-1] != new.shape[:-1] or n_known > new.shape[-1]:
        return known
    return np.concatenate([known, new[..., n_known:]], axis=-1)
