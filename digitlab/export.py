"""From a Keras model to files, each checked against the original."""

from pathlib import Path

import keras
import numpy as np

from digitlab.errors import RunError
from digitlab.quiet import STDOUT, silence
from digitlab.reader import DigitReader

# Both compute in 32-bit floats, in another order of sums.
TOLERANCE = 1e-4


def export_tflite(model: keras.Model, path: Path, images: np.ndarray) -> None:
    """Write a `.tflite` and check that it answers as the Keras model does.

    Args:
        model: reads `(n, h, w, channels)` in the range 0 to 255.
        images: `(n, h, w)` or `(n, h, w, channels)` uint8 to compare on; a hundred will do.
    Raises:
        RunError: the exported model answers differently.
    """
    # The converter's reports are not for the user.
    with silence(STDOUT):
        model.export(str(path), format="litert", verbose=False)
    with_channels = images.reshape(len(images), *model.input_shape[1:])
    expected = keras.ops.convert_to_numpy(model(with_channels.astype(np.float32), training=False))
    difference = np.abs(DigitReader(path).compute_outputs(images) - expected).max()
    # Written so that NaN fails it too.
    if not difference <= TOLERANCE:
        raise RunError(
            f"The exported {path.name} differs from the Keras model by up to {difference:.2g}."
        )
