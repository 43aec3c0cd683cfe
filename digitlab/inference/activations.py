"""Compute a network's features, the input of its last dense layer, with LiteRT."""

import warnings

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from digitlab.errors import ModelStoreError
from digitlab.jobs import ProgressCallback
from digitlab.processes import STDERR, silence

_BATCH_SIZE = 128


class FeatureExtractor:
    """Computes the input of a network's last dense layer."""

    def __init__(self, content: bytes) -> None:
        """Load a model.

        Args:
            content: a `.tflite` file whose output is the softmax of a dense layer.
        Raises:
            ModelStoreError: it has no such layer.
        """
        self._tensor = find_feature_tensor(content)
        self._interpreter = open_observed_interpreter(content, _BATCH_SIZE, n_threads=2)
        details = self._interpreter.get_input_details()[0]
        self._shape, self._input = tuple(details["shape"].tolist()), details["index"]

    def compute(
        self, images: np.ndarray, *, progress: ProgressCallback | None = None
    ) -> np.ndarray:
        """Compute the features of many images.

        Args:
            images: `(n, h, w)` or `(n, h, w, 3)` uint8.
            progress: called after each batch with the images done and in all.
        Returns:
            `(n, features)` float32.
        """
        batches = []
        for start in range(0, len(images), _BATCH_SIZE):
            batch = images[start : start + _BATCH_SIZE]
            padded = np.zeros(self._shape, np.float32)
            padded[: len(batch)] = batch.reshape(len(batch), *self._shape[1:])
            self._interpreter.set_tensor(self._input, padded)
            self._interpreter.invoke()
            batches.append(self._interpreter.get_tensor(self._tensor)[: len(batch)])
            if progress is not None:
                progress(start + len(batch), len(images))
        return np.concatenate(batches)


def open_observed_interpreter(content: bytes, batch_size: int, *, n_threads: int) -> Interpreter:
    """Load a model for batches of one size; the values of all its tensors can be read."""
    with warnings.catch_warnings(), silence(STDERR):
        # LiteRT warns that kept tensors need memory: here they are those of one small batch.
        warnings.simplefilter("ignore", UserWarning)
        interpreter = Interpreter(
            model_content=content, num_threads=n_threads, experimental_preserve_all_tensors=True
        )
        details = interpreter.get_input_details()[0]
        shape = (batch_size, *details["shape"][1:].tolist())
        interpreter.resize_tensor_input(details["index"], shape)
        interpreter.allocate_tensors()
    return interpreter


def find_feature_tensor(content: bytes) -> int:
    """Find the index of the tensor that the last dense layer takes as its input.

    Args:
        content: a `.tflite` file.
    Raises:
        ModelStoreError: its output is not the softmax of a dense layer.
    """
    graph = schema.ModelT.InitFromPackedBuf(content, 0)
    codes = [code.builtinCode for code in graph.operatorCodes]
    main = graph.subgraphs[0]
    operators = {int(operator.outputs[0]): operator for operator in main.operators}
    index = int(main.outputs[0])
    # From the output backwards: a softmax, then a dense layer.
    for kind in (schema.BuiltinOperator.SOFTMAX, schema.BuiltinOperator.FULLY_CONNECTED):
        operator = operators.get(index)
        if operator is None or codes[operator.opcodeIndex] != kind:
            raise ModelStoreError(
                "The model does not end in a dense layer with softmax, so its features cannot be "
                "computed. The feature map and the nearest training images are unavailable."
            )
        index = int(operator.inputs[0])
    return index
