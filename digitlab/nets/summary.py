"""Compute the table of a network's layers, with shapes and parameters, without Keras."""

import math
from dataclasses import dataclass
from typing import assert_never

from digitlab.nets import layers
from digitlab.nets.backbones import Backbone
from digitlab.nets.layers import DEFAULT_OPTIONS, NetOptions
from digitlab.nets.registry import get_net_spec

_POOL_PX = 2


@dataclass(frozen=True)
class LayerRow:
    """One layer.

    Attributes:
        layer: the name of its Keras class.
        detail: description of its settings; may be empty.
        output_shape: without the batch dimension.
        n_parameters: including the running averages of batch normalization.
        n_multiplications: for one image.
    """

    layer: str
    detail: str
    output_shape: tuple[int, ...]
    n_parameters: int = 0
    n_multiplications: int = 0


@dataclass(frozen=True)
class LayerTable:
    """All layers of a network in order."""

    rows: tuple[LayerRow, ...]

    @property
    def n_parameters(self) -> int:
        """The number of parameters, as by Keras's `count_params`."""
        return sum(row.n_parameters for row in self.rows)

    @property
    def n_multiplications(self) -> int:
        """Multiplications per prediction; training needs about three times as many per image."""
        return sum(row.n_multiplications for row in self.rows)


def compute_layer_table(
    net_id: str,
    image_shape: tuple[int, ...],
    n_classes: int,
    options: NetOptions = DEFAULT_OPTIONS,
) -> LayerTable:
    """Compute the layers of a network for images of one shape.

    Args:
        net_id: an id of the registry.
        image_shape: `(h, w)` for grey images, `(h, w, channels)` for others.
        n_classes: number of classes.
        options: changes to the network's design.
    Raises:
        ConfigError: no network has this id.
    """
    shape = image_shape if len(image_shape) == 3 else (*image_shape, 1)
    rows = []
    for layer in get_net_spec(net_id).plan(options, n_classes):
        rows += _compute_rows(layer, shape)
        shape = rows[-1].output_shape
    return LayerTable(tuple(rows))


def _compute_rows(layer: layers.Layer, shape: tuple[int, ...]) -> list[LayerRow]:
    """The rows of one layer; those of a residual block end with the sum."""
    if not isinstance(layer, layers.Residual):
        return [_compute_row(layer, shape)]
    rows = []
    for path in (layer.branch, layer.shortcut):
        path_shape = shape
        for part in path:
            rows += _compute_rows(part, path_shape)
            path_shape = rows[-1].output_shape
    detail = "of both paths" if layer.shortcut else "of the path and its input"
    return [*rows, LayerRow("Add", detail, path_shape if layer.shortcut else shape)]


def _compute_row(layer: layers.SimpleLayer, shape: tuple[int, ...]) -> LayerRow:
    match layer:
        case layers.Rescaling():
            row = LayerRow("Rescaling", "0..255 to 0..1", shape)
        case layers.Convolution():
            row = _compute_convolution(layer, shape)
        case layers.Pooling():
            row = _compute_pooling(layer, shape)
        case layers.GlobalPooling():
            row = LayerRow("GlobalAveragePooling2D", "", (shape[-1],))
        case layers.Normalization():
            # Scale, shift, running mean and running variance.
            row = LayerRow("BatchNormalization", "", shape, 4 * shape[-1])
        case layers.Activation():
            row = LayerRow("Activation", layer.function, shape)
        case layers.Flattening():
            row = LayerRow("Flatten", "", (math.prod(shape),))
        case layers.Dropout():
            row = LayerRow("Dropout", f"{layer.rate:.0%} dropped in training", shape)
        case layers.Dense():
            connections = shape[0] * layer.units
            detail = f"{layer.units} units, {layer.activation}"
            row = LayerRow("Dense", detail, (layer.units,), connections + layer.units, connections)
        case Backbone():
            row = _compute_backbone(layer, shape)
        case _:
            assert_never(layer)
    return row


def _compute_backbone(backbone: Backbone, shape: tuple[int, ...]) -> LayerRow:
    height, width = backbone.fit_shape(*shape[:2])
    detail = "pretrained layers"
    if (height, width) != shape[:2]:
        detail += f", images enlarged to {height}×{width}"
    if shape[-1] == 1:
        detail += ", grey repeated in three channels"
    return LayerRow(
        backbone.id,
        detail,
        (backbone.measure(height), backbone.measure(width), backbone.n_channels),
        backbone.n_parameters,
        backbone.estimate_multiplications(height, width),
    )


def _compute_pooling(layer: layers.Pooling, shape: tuple[int, ...]) -> LayerRow:
    height, width, channels = shape
    pooled = (height // _POOL_PX, width // _POOL_PX, channels)
    return LayerRow(layer.keras_class, f"{_POOL_PX}x{_POOL_PX}", pooled)


def _compute_convolution(layer: layers.Convolution, shape: tuple[int, ...]) -> LayerRow:
    height, width, channels = shape
    if layer.padding == "valid":
        height, width = height - layer.kernel_px + 1, width - layer.kernel_px + 1
    height, width = math.ceil(height / layer.stride), math.ceil(width / layer.stride)
    weights = layer.kernel_px**2 * channels * layer.filters
    detail = f"{layer.filters} filters of {layer.kernel_px}x{layer.kernel_px}"
    if layer.stride > 1:
        detail += f", stride {layer.stride}"
    if layer.activation != "linear":
        detail += f", {layer.activation}"
    return LayerRow(
        "Conv2D",
        detail,
        (height, width, layer.filters),
        weights + layer.filters * layer.use_bias,
        weights * height * width,
    )
