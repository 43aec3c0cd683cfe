"""Begin with what another model has learned: transfer learning."""

import keras
import numpy as np

from digitlab.errors import ConfigError
from digitlab.shelf import ShelvedModel


def copy_weights(source: ShelvedModel, model: keras.Model) -> int:
    """Take over a shelved model's weights, layer by layer, where the shapes fit.

    A last layer with more classes takes over those that the source knows.

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
    for layer, old_layer in zip(model.layers, old.layers, strict=False):
        weights, old_weights = layer.get_weights(), old_layer.get_weights()
        if not weights or len(weights) != len(old_weights):
            continue
        merged = [_merge(new, known) for new, known in zip(weights, old_weights, strict=True)]
        if all(array is not None for array in merged):
            layer.set_weights(merged)
            n_taken += 1
    if not n_taken:
        raise ConfigError(
            f"start_from is {source.id!r}, but none of its layers fits the chosen network. "
            "Choose the network that it was trained with."
        )
    return n_taken


def _merge(new: np.ndarray, known: np.ndarray) -> np.ndarray | None:
    """The known weights; of a layer with more outputs, those of the outputs that are known."""
    if new.shape == known.shape:
        return known
    if new.shape[:-1] != known.shape[:-1] or known.shape[-1] > new.shape[-1]:
        return None
    merged = new.copy()
    merged[..., : known.shape[-1]] = known
    return merged
