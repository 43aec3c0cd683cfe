"""A network written out in plain Keras, layer by layer."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, assert_never

from digitlab.nets import layers
from digitlab.nets.backbones import IMAGENET, Backbone
from digitlab.nets.registry import get_net_spec
from digitlab.training.config import TrainConfig

_MAX_LENGTH = 100
_PREPROCESSING = {"mean_bgr": "keras.applications.vgg16.preprocess_input(x)"}


def write_functions(config: TrainConfig, n_classes: int) -> list[str]:
    """Write the function that the network's residual blocks share; no line without them."""
    plan = get_net_spec(config.net).plan(config.net_options, n_classes)
    blocks = [layer for layer in plan if isinstance(layer, layers.Residual)]
    if not blocks:
        return []
    writer = _LayerWriter(config)
    return ["", "", *_write_residual_function(blocks, writer), "", ""]


def write_network(
    config: TrainConfig, image_shape: tuple[int, ...], n_classes: int, augmentation: Sequence[str]
) -> list[str]:
    """Write the lines that build the variable `model`.

    Args:
        image_shape: `(h, w, channels)`.
        augmentation: expressions of layers that change the images in training.
    """
    plan = get_net_spec(config.net).plan(config.net_options, n_classes)
    writer = _LayerWriter(config)
    if all(not isinstance(layer, layers.Residual | Backbone) for layer in plan):
        expressions = [*augmentation, *(writer.write(layer) for layer in plan)]
        rows = [f"        {expression}," for expression in expressions]
        return [
            "model = keras.Sequential(", "    [", f"        keras.Input({image_shape}),",
            *rows, "    ]", ")",
        ]  # fmt: skip
    lines = [f"inputs = keras.Input({image_shape})", "x = inputs"]
    lines += [f"x = {expression}(x)" for expression in augmentation]
    shape = image_shape
    for layer in plan:
        if isinstance(layer, layers.Residual):
            filters, stride = _find_size(layer)
            arguments = f"x, {filters}" + (f", stride={stride}" if stride > 1 else "")
            lines.append(f"x = residual({arguments})")
        elif isinstance(layer, Backbone):
            lines += writer.write_base(layer, shape)
        else:
            lines.append(f"x = {writer.write(layer)}(x)")
    return [*lines, "model = keras.Model(inputs, x)"]


class _LayerWriter:
    """Writes layers as expressions."""

    def __init__(self, config: TrainConfig) -> None:
        self._regularizer = {}
        if config.l1 or config.l2:
            self._regularizer = {"kernel_regularizer": "regularizer"}
        self._weights = IMAGENET if config.init_from == IMAGENET else None

    def write(self, layer: layers.Layer) -> str:
        match layer:
            case layers.Rescaling():
                text = "layers.Rescaling(1 / 255)"
            case layers.Convolution():
                options = {
                    "strides": layer.stride if layer.stride > 1 else None,
                    "padding": _quote(layer.padding) if layer.padding != "valid" else None,
                    "activation": _quote(layer.activation)
                    if layer.activation != "linear"
                    else None,
                    "use_bias": None if layer.use_bias else False,
                }
                values = [layer.filters, layer.kernel_px]
                text = _call("Conv2D", values, options | self._regularizer)
            case layers.Pooling():
                text = _call(layer.keras_class, [2])
            case layers.GlobalPooling():
                text = _call("GlobalAveragePooling2D")
            case layers.Normalization():
                text = _call("BatchNormalization", [], {"momentum": layer.momentum})
            case layers.Activation():
                text = _call("Activation", [_quote(layer.function)])
            case layers.Flattening():
                text = _call("Flatten")
            case layers.Dropout():
                text = _call("Dropout", [layer.rate])
            case layers.Dense():
                activation = {"activation": _quote(layer.activation)}
                text = _call("Dense", [layer.units], activation | self._regularizer)
            case layers.Residual() | Backbone():
                raise TypeError(f"{type(layer).__name__} is more than one layer")
            case _:
                assert_never(layer)
        return text

    def write_base(self, base: Backbone, shape: tuple[int, ...]) -> list[str]:
        """The lines that bring the images to the base's size, channels and scale, and call it."""
        height, width = base.fit_shape(*shape[:2])
        lines = []
        if (height, width) != shape[:2]:
            lines.append(f"x = layers.Resizing({height}, {width})(x)")
        if shape[2] == 1:
            lines.append("x = layers.Concatenate()([x, x, x])")
        rescaling = "layers.Rescaling(1 / 127.5, offset=-1)(x)"
        lines.append(f"x = {_PREPROCESSING.get(base.scaling, rescaling)}")
        arguments = {
            "include_top": False,
            "weights": _quote(self._weights) if self._weights else "None",
            "input_shape": (height, width, 3),
            "alpha": base.alpha,
        }
        call = f"base = keras.applications.{base.id}"
        lines += wrap_call(call, _format_arguments(arguments))
        if self._weights:
            lines += [
                "for layer in base.layers:  # a few batches would spoil the running averages",
                "    if isinstance(layer, layers.BatchNormalization):",
                "        layer.trainable = False",
            ]
        return [*lines, "x = base(x)"]


def _write_residual_function(blocks: Sequence[layers.Residual], writer: _LayerWriter) -> list[str]:
    """One function for all blocks: they differ in the filters and the stride only."""
    # Without a shortcut in any block, the function needs none.
    largest = next((block for block in blocks if block.shortcut), blocks[0])
    patterns = {_strip(block.branch) for block in blocks}
    shortcuts = {_strip(block.shortcut) for block in blocks if block.shortcut}
    if len(patterns) > 1 or len(shortcuts) > 1:
        raise ValueError("the residual blocks of this network have different layers")
    filters, stride = _find_size(largest)

    def write(path: Iterable[layers.Layer], name: str) -> list[str]:
        lines, source = [], "x"
        for layer in path:
            expression = writer.write(layer)
            expression = expression.replace(f"Conv2D({filters},", "Conv2D(filters,")
            expression = expression.replace(f"strides={stride}", "strides=stride")
            lines.append(f"{name} = {expression}({source})")
            source = name
        return lines

    branch = [f"    {line}" for line in write(largest.branch, "y")]
    add = "    return layers.Add()([x, y])"
    if not largest.shortcut:
        return ["def residual(x, filters):", *branch, add]
    shortcut = [f"        {line}" for line in write(largest.shortcut, "x")]
    return [
        "def residual(x, filters, stride=1):", *branch, "    if stride > 1:", *shortcut, add,
    ]  # fmt: skip


def _find_size(block: layers.Residual) -> tuple[int, int]:
    """Filters and stride of a block."""
    first = next(layer for layer in block.branch if isinstance(layer, layers.Convolution))
    return first.filters, first.stride


def _strip(path: tuple[layers.Layer, ...]) -> tuple[layers.Layer, ...]:
    """A path without what differs from block to block."""
    return tuple(
        replace(layer, filters=0, stride=0) if isinstance(layer, layers.Convolution) else layer
        for layer in path
    )


def wrap_call(call: str, arguments: Sequence[str], end: str = "") -> list[str]:
    """A call in one line, or in three if it is too long."""
    line = f"{call}({', '.join(arguments)}){end}"
    if len(line) <= _MAX_LENGTH:
        return [line]
    indent = call[: len(call) - len(call.lstrip())]
    return [f"{call}(", f"{indent}    {', '.join(arguments)}", f"{indent}){end}"]


def _quote(text: str) -> str:
    return f'"{text}"'


def _call(name: str, values: Sequence[Any] = (), options: dict[str, Any] | None = None) -> str:
    arguments = [*map(str, values), *_format_arguments(options or {})]
    return f"layers.{name}({', '.join(arguments)})"


def _format_arguments(options: dict[str, Any]) -> list[str]:
    return [f"{key}={value}" for key, value in options.items() if value is not None]
