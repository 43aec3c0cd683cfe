"""What every layer of a network computes for one image, and the kernels of the first."""

import threading
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from digitlab.inference.activations import open_observed_interpreter

_OPERATOR = schema.BuiltinOperator
_CONVOLUTIONS = {
    _OPERATOR.CONV_2D: "Convolution",
    _OPERATOR.DEPTHWISE_CONV_2D: "Depthwise convolution",
}
# Names of the other operators that are a layer; a sum is batch normalisation or joins two paths.
_NAMES = {
    _OPERATOR.MAX_POOL_2D: "Max pooling",
    _OPERATOR.AVERAGE_POOL_2D: "Average pooling",
    _OPERATOR.MEAN: "Global average pooling",
    _OPERATOR.FULLY_CONNECTED: "Dense",
    _OPERATOR.SOFTMAX: "Softmax",
    _OPERATOR.RELU: "ReLU",
    _OPERATOR.TANH: "Tanh",
    _OPERATOR.LOGISTIC: "Sigmoid",
    _OPERATOR.GELU: "GELU",
    _OPERATOR.ELU: "ELU",
    _OPERATOR.LEAKY_RELU: "Leaky ReLU",
    _OPERATOR.CONCATENATION: "Concatenation",
}
_FUSED_NAMES = {
    schema.ActivationFunctionType.RELU: "ReLU",
    schema.ActivationFunctionType.RELU6: "ReLU6",
    schema.ActivationFunctionType.TANH: "tanh",
}


@dataclass(frozen=True)
class LayerOutput:
    """The output of one layer for one image.

    Attributes:
        name: of the layer, with the activation function that LiteRT computes with it.
        values: `(h, w, channels)` feature maps, or `(units,)` of a dense layer.
    """

    name: str
    values: np.ndarray


class LayerObserver:
    """Runs a network and keeps the outputs of all layers.

    LiteRT has merged some layers: batch normalisation is part of a convolution's weights where it
    follows directly. Threads can share one observer.
    """

    def __init__(self, content: bytes) -> None:
        """Load a `.tflite` file, whose bytes were checked before."""
        self._layers = _list_layers(content)
        self._interpreter = open_observed_interpreter(content, 1, n_threads=1)
        details = self._interpreter.get_input_details()[0]
        self._input, self._shape = details["index"], tuple(details["shape"])
        self._lock = threading.Lock()

    def compute(self, image: np.ndarray) -> list[LayerOutput]:
        """Compute the outputs of all layers in order.

        Args:
            image: `(h, w)` or `(h, w, 3)` uint8, as the network reads it.
        """
        with self._lock:
            pixels = image.reshape(self._shape).astype(np.float32)
            self._interpreter.set_tensor(self._input, pixels)
            self._interpreter.invoke()
            return [
                LayerOutput(name, self._interpreter.get_tensor(tensor)[0])
                for name, tensor in self._layers
            ]


def read_first_kernels(content: bytes) -> np.ndarray | None:
    """The kernels of the first convolution of a `.tflite` file.

    Returns:
        `(kernels, h, w, channels)` float32; None if the network does not begin with a convolution.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex].builtinCode
        if code == _OPERATOR.CONV_2D:
            tensor = graph.tensors[operator.inputs[1]]
            values = np.asarray(model.buffers[tensor.buffer].data, np.uint8).view(np.float32)
            return values.reshape(tensor.shape)
        if code == _OPERATOR.FULLY_CONNECTED:
            break
    return None


def _list_layers(content: bytes) -> list[tuple[str, int]]:
    """The name of each layer, and the index of the tensor that is its output."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    layers = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex].builtinCode
        inputs = [graph.tensors[k] for k in operator.inputs if k >= 0]
        if code in _CONVOLUTIONS:
            height, width = inputs[1].shape[1:3]
            name = f"{_CONVOLUTIONS[code]} {height}×{width}"
        elif code == _OPERATOR.ADD:
            is_constant = any(_has_data(model, tensor) for tensor in inputs)
            name = "Batch normalisation" if is_constant else "Sum of two paths"
        elif code in _NAMES:
            name = _NAMES[code]
        else:
            continue
        fused = getattr(operator.builtinOptions, "fusedActivationFunction", 0)
        if fused in _FUSED_NAMES:
            name += f", {_FUSED_NAMES[fused]}"
        layers.append((name, int(operator.outputs[0])))
    return layers


def _has_data(model: schema.ModelT, tensor: schema.TensorT) -> bool:
    data = model.buffers[tensor.buffer].data
    return data is not None and len(data) > 0
