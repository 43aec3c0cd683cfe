"""A network's own features: what its last layer sees. LiteRT keeps them; Keras is not needed."""

import itertools
import warnings

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from digitlab.errors import ModelStoreError
from digitlab.jobs import ProgressCallback
from digitlab.processes import STDERR, silence

_BLOCK = 128
_TOLERANCE = 1e-4


class FeatureExtractor:
    """Computes the input of a network's last dense layer."""

    def __init__(self, content: bytes) -> None:
        """Load a model.

        Args:
            content: a `.tflite` file with softmax outputs after a dense layer.
        Raises:
            ModelStoreError: it has no such layer.
        """
        with warnings.catch_warnings(), silence(STDERR):
            # The warning is about memory: one small block is all that is kept here.
            warnings.simplefilter("ignore", UserWarning)
            self._interpreter = Interpreter(
                model_content=content, num_threads=2, experimental_preserve_all_tensors=True
            )
            detail = self._interpreter.get_input_details()[0]
            self._shape = (_BLOCK, *(int(side) for side in detail["shape"][1:]))
            self._input = detail["index"]
            self._interpreter.resize_tensor_input(self._input, self._shape)
            self._interpreter.allocate_tensors()
        self._tensor = self._find_tensor()

    def compute(
        self, images: np.ndarray, *, progress: ProgressCallback | None = None
    ) -> np.ndarray:
        """Features of many images.

        Args:
            images: `(n, h, w)` or `(n, h, w, 3)` uint8.
            progress: called now and then with images done and images in all.
        Returns:
            `(n, features)` float32.
        """
        parts = []
        for start in range(0, len(images), _BLOCK):
            block = images[start : start + _BLOCK]
            self._run(block)
            # A copy: the next block is written to the same place.
            parts.append(self._interpreter.get_tensor(self._tensor)[: len(block)].copy())
            if progress is not None:
                progress(start + len(block), len(images))
        return np.concatenate(parts)

    def _run(self, block: np.ndarray) -> None:
        filled = np.zeros(self._shape, np.float32)
        filled[: len(block)] = block.reshape(len(block), *self._shape[1:])
        self._interpreter.set_tensor(self._input, filled)
        self._interpreter.invoke()

    def _find_tensor(self) -> int:
        """The tensor from which one dense layer and a softmax give the outputs."""
        # Any images will do that give different answers.
        noise = np.random.default_rng(0).integers(0, 256, self._shape, dtype=np.uint8)
        self._run(noise)
        output = self._interpreter.get_output_details()[0]["index"]
        outputs = self._interpreter.get_tensor(output)
        tensors = self._collect_tensors()
        n_classes = outputs.shape[1]
        kernels = [t for t in tensors.values() if t.ndim == 2 and len(t) == n_classes]
        biases = [t for t in tensors.values() if t.shape == (n_classes,)]
        for index, features in tensors.items():
            for kernel, bias in itertools.product(kernels, biases):
                if features.shape != (_BLOCK, kernel.shape[1]):
                    continue
                if np.abs(_apply_softmax(features @ kernel.T + bias) - outputs).max() < _TOLERANCE:
                    return index
        raise ModelStoreError(
            "This model does not end in a dense layer, so that its features cannot be read. "
            "The map and the nearest training digits are not available for it."
        )

    def _collect_tensors(self) -> dict[int, np.ndarray]:
        tensors = {}
        for detail in self._interpreter.get_tensor_details():
            if detail["dtype"] is not np.float32:
                continue
            try:
                tensors[int(detail["index"])] = self._interpreter.get_tensor(detail["index"])
            except ValueError:
                # A tensor that lives inside a delegate holds nothing to look at.
                continue
        return tensors


def _apply_softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
