"""Build a network of the registry by its id."""

import importlib

import keras

from digitlab.nets.registry import get_net_spec


def build_net(net_id: str, image_shape: tuple[int, ...], n_classes: int) -> keras.Model:
    """Build a network for images of one shape.

    Args:
        net_id: an id of the registry.
        image_shape: `(h, w)` for grey images, `(h, w, channels)` for others.
        n_classes: how many classes the output has.
    Returns:
        An uncompiled model: uint8-ranged images `(n, h, w, channels)` in, probabilities out.
    Raises:
        ConfigError: no network has this id.
    """
    module_name, function_name = get_net_spec(net_id).builder.split(":")
    build = getattr(importlib.import_module(module_name), function_name)
    with_channels = image_shape if len(image_shape) == 3 else (*image_shape, 1)
    model: keras.Model = build(with_channels, n_classes)
    return model
