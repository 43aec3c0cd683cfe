"""Build Keras models from the network definitions in `digitlab.nets`."""

from collections.abc import Iterator, Sequence
from typing import assert_never

import keras
import numpy as np
from keras import layers as keras_layers

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import ConfigError, ModelStoreError
from digitlab.model_store.formats import KERAS
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.nets import layers
from digitlab.nets.layers import NetOptions
from digitlab.nets.registry import get_net_spec
from digitlab.training.config import TrainConfig

_DEFAULT_OPTIONS = NetOptions()
# The running averages must keep up with a run of about ten epochs; Keras's default of 0.99 lags.
_NORM_MOMENTUM = 0.9


def build_model(config: TrainConfig, source: StoredModel | None = None) -> keras.Model:
    """Build the network of a run.

    Args:
        source: a stored model whose weights to start from; None starts from random weights.
    Raises:
        ConfigError: no layer of the source fits the network.
    """
    spec = get_dataset_spec(config.dataset)
    model = build_net(config.net, spec.image_shape, len(spec.class_names), config.net_options)
    if source is not None:
        transfer_weights(source, model)
    return model


def get_source_model(config: TrainConfig) -> StoredModel | None:
    """The model whose weights to start from; None without one.

    Raises:
        ConfigError: it is missing or damaged.
    """
    if not config.init_from:
        return None
    try:
        return get_model(config.init_from)
    except ModelStoreError as error:
        raise ConfigError(f"init_from is {config.init_from!r}. {error}") from error


def build_net(
    net_id: str,
    image_shape: tuple[int, ...],
    n_classes: int,
    options: NetOptions = _DEFAULT_OPTIONS,
) -> keras.Model:
    """Build a network for images of one shape.

    Args:
        net_id: id in the table of architectures.
        image_shape: `(h, w)` for grey images, `(h, w, channels)` for others.
        n_classes: number of outputs.
        options: changes to the network's design.
    Returns:
        An uncompiled model: images `(n, h, w, channels)` from 0 to 255 in, probabilities out.
    Raises:
        ConfigError: no network has this id.
    """
    with_channels = image_shape if len(image_shape) == 3 else (*image_shape, 1)
    inputs = keras.Input(with_channels)
    plan = get_net_spec(net_id).plan(options, n_classes)
    return keras.Model(inputs, _connect(plan, inputs, options), name=net_id)


def _connect(
    plan: Sequence[layers.Layer], inputs: keras.KerasTensor, options: NetOptions
) -> keras.KerasTensor:
    """Build the layers one after the other; returns the output of the last."""
    outputs = inputs
    for layer in plan:
        if isinstance(layer, layers.Residual):
            paths = [_connect(path, outputs, options) for path in (layer.branch, layer.shortcut)]
            outputs = keras_layers.Add()(paths)
        else:
            outputs = _build_layer(layer, options)(outputs)
    return outputs


def _build_layer(layer: layers.SimpleLayer, options: NetOptions) -> keras.layers.Layer:
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
                kernel_regularizer=_build_regularizer(options),
            )
        case layers.Pooling():
            pooling = {
                "max": keras_layers.MaxPooling2D,
                "average": keras_layers.AveragePooling2D,
            }
            built = pooling[layer.function](2, padding=layer.padding)
        case layers.GlobalPooling():
            built = keras_layers.GlobalAveragePooling2D()
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
                kernel_regularizer=_build_regularizer(options),
            )
        case _:
            assert_never(layer)
    return built


def _build_regularizer(options: NetOptions) -> keras.regularizers.Regularizer | None:
    if not options.l1 and not options.l2:
        return None
    return keras.regularizers.L1L2(l1=options.l1, l2=options.l2)


def transfer_weights(source: StoredModel, model: keras.Model) -> int:
    """Copy a stored model's weights, layer by layer, where the shapes fit.

    Layers of the same type are matched in order, so that an additional dropout layer does not
    matter. An output layer with more classes keeps its initial weights for the new ones.

    Args:
        source: a shipped or saved model.
        model: changed in place; it may have other classes.
    Returns:
        The number of layers copied.
    Raises:
        ConfigError: no layer fits.
    """
    # Stored models are shipped or the user's own; still, code in them is rejected.
    old_model = keras.saving.load_model(
        source.directory / KERAS.file_name, compile=False, safe_mode=True
    )
    n_copied = 0
    for layer, old_layer in _match_layers(model, old_model):
        weights, old_weights = layer.get_weights(), old_layer.get_weights()
        if len(weights) != len(old_weights):
            continue
        if layer is model.layers[-1]:
            old_weights = [
                _add_classes(old, new) for old, new in zip(old_weights, weights, strict=True)
            ]
        if all(old.shape == new.shape for old, new in zip(old_weights, weights, strict=True)):
            layer.set_weights(old_weights)
            n_copied += 1
    if not n_copied:
        raise ConfigError(
            f"init_from is {source.id!r}, but none of its layers fits the chosen network. "
            f"Choose the network that it was trained with, {source.card['net']}."
        )
    return n_copied


def _match_layers(
    model: keras.Model, old_model: keras.Model
) -> Iterator[tuple[keras.layers.Layer, keras.layers.Layer]]:
    """Each layer with weights, and the next layer of its type in the other model."""
    remaining = [layer for layer in old_model.layers if layer.weights]
    for layer in model.layers:
        if not layer.weights:
            continue
        match = next((other for other in remaining if type(other) is type(layer)), None)
        if match is not None:
            remaining.remove(match)
            yield layer, match


def _add_classes(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The old weights of the known classes, and the new weights of the others."""
    n_known = old.shape[-1]
    if old.shape[:-1] != new.shape[:-1] or n_known > new.shape[-1]:
        return old
    return np.concatenate([old, new[..., n_known:]], axis=-1)
