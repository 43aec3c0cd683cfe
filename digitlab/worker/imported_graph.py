"""The graph of a `.tflite` file from elsewhere: checked, and given digitlab's input and output.

LiteRT's own schema reads and writes the file, so what the app opens later is newly written.
"""

import math
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from digitlab.errors import ModelStoreError

_OPERATOR, _TYPE = schema.BuiltinOperator, schema.TensorType
_QUANTIZED = (_TYPE.INT8, _TYPE.UINT8)
_WEIGHT_BYTES = {_TYPE.FLOAT32: 4, _TYPE.FLOAT16: 2, _TYPE.INT8: 1, _TYPE.UINT8: 1}


class ImportedGraph:
    """One `.tflite` file.

    Attributes:
        input_shape: of one image, as the network takes it: `(h, w, channels)`, `(h, w)` or `(n,)`.
        n_outputs: numbers that it returns for one image.
    """

    def __init__(self, content: bytes) -> None:
        """Read and check a file.

        Raises:
            ModelStoreError: it is damaged, has operators of its own, or is no image classifier.
        """
        self._content = content
        model = self._read()
        if any(_get_code(code) == _OPERATOR.CUSTOM for code in model.operatorCodes):
            raise ModelStoreError(
                "The model has operators that are not part of LiteRT, such as those of TensorFlow "
                "(Select TF ops). Use layers that TFLite has, or convert it with the built-in "
                "operators only."
            )
        if any(buffer.offset for buffer in model.buffers):
            raise ModelStoreError("The weights are outside of the model. Convert it again.")
        try:
            graph = model.subgraphs[0]
            [first], [last] = graph.inputs, graph.outputs
            self.input_shape = tuple(int(side) for side in graph.tensors[first].shape[1:])
            output_shape = [int(side) for side in graph.tensors[last].shape[1:]]
            types = {graph.tensors[first].type, graph.tensors[last].type}
        except (ValueError, IndexError, TypeError) as error:
            raise ModelStoreError(
                "The model must have one input and one output. Convert a classifier of images."
            ) from error
        self.n_outputs = math.prod(output_shape) if len(output_shape) == 1 else 0
        if self.n_outputs < 2 or not types <= {_TYPE.FLOAT32, *_QUANTIZED}:
            raise ModelStoreError(
                "The model must return one number for each class, as 32-bit floats or 8-bit "
                "integers. Convert a classifier of images."
            )

    def count_parameters(self) -> int:
        """The numbers that the file holds: weights and biases."""
        model = self._read()
        graph = model.subgraphs[0]
        sizes = {tensor.buffer: _WEIGHT_BYTES.get(tensor.type, 0) for tensor in graph.tensors}
        return sum(
            len(model.buffers[buffer].data) // n_bytes
            for buffer, n_bytes in sizes.items()
            if n_bytes and model.buffers[buffer].data is not None
        )

    def adapt(
        self,
        image_shape: tuple[int, ...],
        *,
        scale: float = 1.0,
        offset: float = 0.0,
        with_softmax: bool = False,
    ) -> bytes:
        """Write the network with digitlab's input and output.

        Args:
            image_shape: `(h, w)` or `(h, w, channels)`, with as many numbers as `input_shape`.
            scale, offset: the network gets `pixel * scale + offset`, pixels from 0 to 255.
            with_softmax: whether its outputs are logits.
        Returns:
            A `.tflite` file: `(n, h, w, channels)` floats from 0 to 255 to probabilities.
        """
        model = self._read()
        graph = model.subgraphs[0]
        add = _Additions(model)
        first, last = graph.inputs[0], graph.outputs[0]
        shape = [1, *image_shape, *([1] if len(image_shape) == 2 else [])]
        image = add.tensor(shape)
        graph.inputs = [image]
        scaled, shifted = add.tensor(shape), add.tensor(shape)
        new_shape = [-1, *self.input_shape]
        is_quantized = graph.tensors[first].type in _QUANTIZED
        reshaped = add.tensor([1, *self.input_shape]) if is_quantized else first
        before = [
            add.operator("Mul", [image, add.constant(np.array([scale], np.float32))], scaled),
            # Not "Add", which is shown as batch normalisation.
            add.operator("Sub", [scaled, add.constant(np.array([-offset], np.float32))], shifted),
            add.operator(
                "Reshape", [shifted, add.constant(np.array(new_shape, np.int32))], reshaped,
                newShape=new_shape,
            ),
        ]  # fmt: skip
        if is_quantized:
            before.append(add.operator("Quantize", [reshaped], first))
        after = []
        if graph.tensors[last].type in _QUANTIZED:
            after.append(add.operator("Dequantize", [last], add.tensor([1, self.n_outputs])))
        if with_softmax:
            logits = after[-1].outputs[0] if after else last
            after.append(
                add.operator("Softmax", [logits], add.tensor([1, self.n_outputs]), beta=1.0)
            )
        if after:
            graph.outputs = after[-1].outputs
        graph.operators = [*before, *graph.operators, *after]
        # They name tensors by their place, and the input is another one now.
        model.signatureDefs = None
        return bytes(flatbuffer_utils.convert_object_to_bytearray(model))

    def _read(self) -> Any:
        try:
            model = schema.ModelT.InitFromPackedBuf(self._content, 0)
            for code in model.operatorCodes:
                # Old files have the code in a smaller field.
                code.builtinCode = _get_code(code)
        except Exception as error:
            # A damaged file may send the reader anywhere.
            raise ModelStoreError(
                "This .tflite file is damaged. Convert the model again."
            ) from error
        return model


class _Additions:
    """Adds tensors and operators to the first graph of a model."""

    def __init__(self, model: Any) -> None:
        self._model, self._graph = model, model.subgraphs[0]

    def tensor(self, shape: list[int], type_: int = _TYPE.FLOAT32, buffer: int = 0) -> int:
        """Add a tensor and return its index; its first side is the number of images."""
        signature = [-1, *shape[1:]] if buffer == 0 else None
        name = f"digitlab_{len(self._graph.tensors)}".encode()
        self._graph.tensors.append(
            schema.TensorT(shape, type_, buffer, name, hasRank=True, shapeSignature=signature)
        )
        return len(self._graph.tensors) - 1

    def constant(self, values: np.ndarray) -> int:
        """Add a tensor with numbers in it and return its index."""
        self._model.buffers.append(schema.BufferT(np.frombuffer(values.tobytes(), np.uint8)))
        type_ = _TYPE.INT32 if values.dtype == np.int32 else _TYPE.FLOAT32
        return self.tensor(list(values.shape), type_, len(self._model.buffers) - 1)

    def operator(self, name: str, inputs: list[int], output: int, **options: Any) -> Any:
        """Build an operator by its name in the schema; the caller puts it into the graph."""
        code = getattr(_OPERATOR, name.upper())
        self._model.operatorCodes.append(
            schema.OperatorCodeT(deprecatedBuiltinCode=code, builtinCode=code)
        )
        return schema.OperatorT(
            opcodeIndex=len(self._model.operatorCodes) - 1,
            inputs=inputs,
            outputs=[output],
            builtinOptionsType=getattr(schema.BuiltinOptions, f"{name}Options"),
            builtinOptions=getattr(schema, f"{name}OptionsT")(**options),
        )


def _get_code(code: Any) -> int:
    return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))
