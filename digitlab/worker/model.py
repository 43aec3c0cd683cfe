"""Build Keras models from the network definitions in `digitlab.nets`."""

from collections.abc import Sequence
from typing import assert_never

import keras
from keras import layers as keras_layers

from digitlab.datasets.registry import get_dataset_spec
from digitlab.nets import layers
from digitlab.nets.backbones import Backbone
from digitlab.nets.layers import DEFAULT_OPTIONS, NetOptions
from digitlab.nets.registry import get_net_spec
from digitlab.training.config import TrainConfig
from digitlab.worker.normalization import BatchNormalization

# Of ImageNet, in blue, green and red.
_MEAN_BGR = (103.939, 116.779, 123.68)


def build_model(config: TrainConfig, *, for_training: bool = False) -> keras.Model:
    """Build the network of a run with random weights.

    Args:
        for_training: with faster layers, which are not Keras's own; such a model is not saved.
    """
    spec = get_dataset_spec(config.dataset)
    n_classes = len(spec.class_names)
    options = config.net_options
    norm = BatchNormalization if for_training else keras_layers.BatchNormalization
    return build_net(config.net, spec.image_shape, n_classes, options, norm=norm)


def build_net(
    net_id: str,
    image_shape: tuple[int, ...],
    n_classes: int,
    options: NetOptions = DEFAULT_OPTIONS,
    *,
    norm: type[keras.layers.BatchNormalization] = keras_layers.BatchNormalization,
) -> keras.Model:
    """Build a network for images of one shape.

    Args:
        net_id: id in the table of architectures.
        image_shape: `(h, w)` for grey images, `(h, w, channels)` for others.
        n_classes: number of outputs.
        options: changes to the network's design.
        norm: the layer for batch normalisation.
    Returns:
        An uncompiled model: images `(n, h, w, channels)` from 0 to 255 in, probabilities out.
    Raises:
        ConfigError: no network has this id.
    """
    with_channels = image_shape if len(image_shape) == 3 else (*image_shape, 1)
    inputs = keras.Input(with_channels)
    plan = get_net_spec(net_id).plan(options, n_classes)
    return keras.Model(inputs, _connect(plan, inputs, options, norm), name=net_id)


def _connect(
    plan: Sequence[layers.Layer],
    inputs: keras.KerasTensor,
    options: NetOptions,
    norm: type[keras.layers.BatchNormalization],
) -> keras.KerasTensor:
    """Build the layers one after the other; returns the output of the last."""
    outputs = inputs
    for layer in plan:
        if isinstance(layer, layers.Residual):
            paths = (layer.branch, layer.shortcut)
            outputs = keras_layers.Add()([_connect(path, outputs, options, norm) for path in paths])
        elif isinstance(layer, Backbone):
            outputs = _connect_backbone(layer, outputs)
        else:
            outputs = _build_layer(layer, options, norm)(outputs)
    return outputs


def _connect_backbone(backbone: Backbone, inputs: keras.KerasTensor) -> keras.KerasTensor:
    """Bring images to the size, the channels and the scale of a base, and call it."""
    height, width, channels = inputs.shape[1:]
    shape = backbone.fit_shape(height, width)
    outputs = inputs
    if shape != (height, width):
        outputs = keras_layers.Resizing(*shape, interpolation="bilinear")(outputs)
    if channels == 1:
        outputs = keras_layers.Concatenate()([outputs] * 3)
    if backbone.scaling == "mean_bgr":
        outputs = keras.ops.flip(outputs, axis=-1)
        outputs = keras_layers.Rescaling(1.0, offset=[-mean for mean in _MEAN_BGR])(outputs)
    else:
        outputs = keras_layers.Rescaling(1 / 127.5, offset=-1.0)(outputs)
    width_options = {} if backbone.alpha is None else {"alpha": backbone.alpha}
    base = getattr(keras.applications, backbone.id)(
        include_top=False,
        weights=None,
        input_shape=(*shape, 3),
        name=get_base_name(backbone),
        **width_options,
    )
    return base(outputs)


def get_base_name(backbone: Backbone) -> str:
    """The name of the nested model that is a network's base."""
    return f"{backbone.id}_base"


def _build_layer(
    layer: layers.PlainLayer, options: NetOptions, norm: type[keras.layers.BatchNormalization]
) -> keras.layers.Layer:
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
            built = getattr(keras_layers, layer.keras_class)(2)
        case layers.GlobalPooling():
            built = keras_layers.GlobalAveragePooling2D()
        case layers.Normalization():
            built = norm(momentum=layer.momentum)
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
