"""Begin with what another model has learned: transfer learning."""

from collections.abc import Iterator

import keras
import numpy as np

from digitlab.errors import ConfigError
from digitlab.shelf import ShelvedModel


def copy_weights(source: ShelvedModel, model: keras.Model) -> int:
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
            f"start_from is {source.id!r}, but none of its layers fits the chosen network. "
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
