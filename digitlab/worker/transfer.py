"""Transfer learning: initial weights, and the features of a frozen base."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np

from digitlab.datasets.download import download
from digitlab.errors import ConfigError, DatasetUnavailableError, ModelStoreError, describe_error
from digitlab.jobs import ProgressCallback
from digitlab.model_store.formats import KERAS
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.nets.backbones import Backbone, get_weights_dir
from digitlab.paths import get_cache_dir
from digitlab.training.config import TrainConfig
from digitlab.training.fields import WEIGHTS_LABELS
from digitlab.training.pretrained import find_imagenet_base
from digitlab.worker.model import get_base_name

_BATCH_SIZE = 128
# Together; the oldest are deleted first.
_MAX_CACHE_BYTES = 1_000_000_000


def get_source_model(config: TrainConfig, *, viewer: str) -> StoredModel | None:
    """The stored model whose weights to start from; None without one.

    Args:
        viewer: the run's owner.
    Raises:
        ConfigError: it is missing or damaged, or belongs to another visitor.
    """
    if config.init_from in WEIGHTS_LABELS:
        return None
    try:
        source = get_model(config.init_from, viewer=viewer)
    except ModelStoreError as error:
        raise ConfigError(f"init_from is {config.init_from!r}. {error}") from error
    if source.imported is not None:
        raise ConfigError(
            f"init_from is {source.id!r}, which was imported: its layers are unknown. Choose a "
            "model that was trained here."
        )
    return source


def fetch_imagenet_weights(
    config: TrainConfig, progress: ProgressCallback | None = None
) -> Path | None:
    """The file with the ImageNet weights of a run's base; None if it does not start from them.

    Raises:
        ConfigError: they are not on this machine and cannot be downloaded.
    """
    backbone = find_imagenet_base(config)
    if backbone is None:
        return None
    path = backbone.find_weights()
    if path is not None:
        return path
    weights = backbone.weights
    known_hash = f"md5:{weights.md5}" if weights.md5 else None
    try:
        return download(
            f"{backbone.label}: {weights.name}",
            {weights.name: (weights.url, known_hash)},
            get_weights_dir(),
            progress,
        )[0]
    except DatasetUnavailableError as error:
        raise ConfigError(
            f"{error} Connect to the internet, or put this file ({weights.format_size()}) into a "
            "folder and set DIGITLAB_DATA to it."
        ) from error


def set_initial_weights(
    model: keras.Model, config: TrainConfig, source: StoredModel | None, weights: Path | None
) -> None:
    """Load the weights that a run starts from; without any they stay random.

    Args:
        source: a stored model. With frozen epochs its base is copied and the head is new.
        weights: the file with the ImageNet weights of the network's base.
    Raises:
        ConfigError: they do not fit the network.
    """
    backbone = find_imagenet_base(config)
    if source is not None:
        transfer_weights(source, model, base_only=config.frozen_epochs > 0)
    elif weights is not None and backbone is not None:
        load_imagenet_weights(model, backbone, weights)


def load_imagenet_weights(model: keras.Model, backbone: Backbone, path: Path) -> None:
    """Load the weights of a network's base. The file holds arrays only: nothing is executed.

    Raises:
        ConfigError: the file is damaged or holds other weights.
    """
    base = model.get_layer(get_base_name(backbone))
    try:
        base.load_weights(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path.name} does not hold the weights of {backbone.label} "
            f"({describe_error(error)}). Delete or replace it."
        ) from error
    # Statistics of a few batches of other images would spoil them. `training=False` in the call
    # of the base does not do: in `fit`, Keras overrides it.
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def transfer_weights(source: StoredModel, model: keras.Model, *, base_only: bool = False) -> int:
    """Copy a stored model's weights, layer by layer, where the shapes fit.

    Layers of the same type are matched in order, so that an additional dropout layer does not
    matter. An output layer with more classes keeps its initial weights for the new ones.

    Args:
        source: a shipped or saved model.
        model: changed in place; it may have other classes.
        base_only: copy the base alone and leave the head as it is.
    Returns:
        The number of layers copied.
    Raises:
        ConfigError: no layer fits, or with `base_only` not all of them.
    """
    # Stored models are shipped or the user's own; still, code in them is rejected.
    old_model = keras.saving.load_model(
        source.directory / KERAS.file_name, compile=False, safe_mode=True
    )
    chosen = [layer for layer in model.layers if layer.weights]
    if base_only:
        base, _ = split_model(model)
        chosen = [layer for layer in base.layers if layer.weights]
    n_copied = 0
    for layer, old_layer in _match_layers(chosen, old_model):
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
    if not n_copied or (base_only and n_copied < len(chosen)):
        part = "its base does not fit" if base_only else "none of its layers fits"
        raise ConfigError(
            f"init_from is {source.id!r}, but {part} the chosen network. "
            f"Choose the network that it was trained with, {source.card['net']}, and images of "
            "the same number of channels."
        )
    return n_copied


def _match_layers(
    layers: list[keras.layers.Layer], old_model: keras.Model
) -> Iterator[tuple[keras.layers.Layer, keras.layers.Layer]]:
    """Each layer, and the next layer of its type in the other model."""
    remaining = [layer for layer in old_model.layers if layer.weights]
    for layer in layers:
        # A model in training has subclasses of Keras's layers.
        match = next((other for other in remaining if isinstance(layer, type(other))), None)
        if match is not None:
            remaining.remove(match)
            yield layer, match


def _add_classes(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The old weights of the known classes, and the new weights of the others."""
    n_known = old.shape[-1]
    if old.shape[:-1] != new.shape[:-1] or n_known > new.shape[-1]:
        return old
    return np.concatenate([old, new[..., n_known:]], axis=-1)


def split_model(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Split a network after its first vector of features.

    Returns:
        The base, images in and features out, and the head, features in and probabilities out.
        Both share their layers with the network.
    """
    vector = (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D)
    end = next(k for k, layer in enumerate(model.layers) if isinstance(layer, vector))
    features = model.layers[end].output
    base = keras.Model(model.inputs, features, name="base")
    inputs = keras.Input(features.shape[1:])
    outputs = inputs
    for layer in model.layers[end + 1 :]:
        outputs = layer(outputs)
    return base, keras.Model(inputs, outputs, name="head")


def compute_features(
    base: keras.Model, images: np.ndarray, progress: Callable[[int, int], None]
) -> np.ndarray:
    """Compute the features of a frozen base once, and keep them on disk for later runs.

    Args:
        images: `(n, h, w, channels)` uint8.
        progress: called with the images done and in all.
    Returns:
        `(n, features)` float16: half the memory, and exact enough for a head.
    """
    path = get_cache_dir() / "features" / f"{_fingerprint(base, images)}.npy"
    try:
        features: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError):
        # Missing, or damaged by a full disk.
        pass
    else:
        path.touch()
        return features
    parts = []
    for begin in range(0, len(images), _BATCH_SIZE):
        progress(begin, len(images))
        batch = images[begin : begin + _BATCH_SIZE].astype(np.float32)
        parts.append(np.asarray(base.predict_on_batch(batch)).astype(np.float16))
    features = np.concatenate(parts)
    _store_features(path, features)
    return features


def _fingerprint(base: keras.Model, images: np.ndarray) -> str:
    digest = hashlib.sha256(str((images.shape, base.output_shape)).encode())
    for array in (images, *base.get_weights()):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _store_features(path: Path, features: np.ndarray) -> None:
    """Write a file of the cache, and delete the oldest ones above its limit."""
    if features.nbytes > _MAX_CACHE_BYTES:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        np.save(file, features)
    draft.replace(path)
    files = sorted(path.parent.glob("*.npy"), key=lambda each: -each.stat().st_mtime)
    n_bytes = 0
    for each in files:
        n_bytes += each.stat().st_size
        if n_bytes > _MAX_CACHE_BYTES:
            each.unlink()
