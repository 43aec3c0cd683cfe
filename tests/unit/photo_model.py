"""A small model of CIFAR-10 photos: a real LiteRT file, built without Keras, as a saved model.

It compares an image's mean colour with one colour for each class; its photos are noise around
these colours.
"""

import hashlib
from dataclasses import replace

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from digitlab.datasets.loading import Dataset
from digitlab.datasets.registry import DATASETS
from digitlab.evaluation.report import evaluate_reader
from digitlab.evaluation.saved_images import SavedImages
from digitlab.files import write_json
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.paths import get_user_models_dir

_SHAPE, _N_CLASSES = (32, 32, 3), 10
# The mean colour of each class.
COLOURS = np.random.default_rng(0).integers(40, 216, (_N_CLASSES, 3))


def build_photos(n: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images `(n, 32, 32, 3)` uint8 and labels `(n,)` uint8; some photos are hard."""
    random = np.random.default_rng(seed)
    labels = (np.arange(n) % _N_CLASSES).astype(np.uint8)
    tint = random.normal(0, 30, (n, 1, 1, 3))
    noise = random.normal(0, 40, (n, *_SHAPE))
    photos = COLOURS[labels][:, None, None] + tint + noise
    return np.clip(photos, 0, 255).astype(np.uint8), labels


def build_photo_tflite() -> bytes:
    """Build the model: the mean colour of an image, a dense layer and a softmax.

    Its logits are, up to a constant, the negative squared distances to the classes' colours.
    """
    kernel = (COLOURS * 2.0 / 20).astype(np.float32)
    bias = (-(COLOURS.astype(float) ** 2).sum(axis=1) / 20).astype(np.float32)
    constants = {1: np.array([1, 2], np.int32), 3: kernel, 4: bias}
    shapes = [(1, *_SHAPE), (2,), (1, 3), kernel.shape, bias.shape, (1, 10), (1, 10)]
    model = schema.ModelT()
    model.version, model.description = 3, "mean colours"
    # Buffer 0 is the empty one.
    model.buffers = [schema.BufferT() for _ in range(1 + len(constants))]
    for buffer, values in zip(model.buffers[1:], constants.values(), strict=True):
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    numbers = {index: number for number, index in enumerate(constants, start=1)}
    graph = schema.SubGraphT()
    graph.tensors = [
        _build_tensor(index, shape, numbers.get(index, 0), is_integer=index == 1)
        for index, shape in enumerate(shapes)
    ]
    graph.inputs, graph.outputs = [0], [6]
    softmax_options = schema.SoftmaxOptionsT()
    softmax_options.beta = 1.0
    graph.operators = [
        _build_operator(0, [0, 1], 2, "ReducerOptions", schema.ReducerOptionsT()),
        _build_operator(1, [2, 3, 4], 5, "FullyConnectedOptions", schema.FullyConnectedOptionsT()),
        _build_operator(2, [5], 6, "SoftmaxOptions", softmax_options),
    ]
    codes = schema.BuiltinOperator
    model.operatorCodes = [
        _build_operator_code(code) for code in (codes.MEAN, codes.FULLY_CONNECTED, codes.SOFTMAX)
    ]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1 << 12)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def build_photo_dataset() -> Dataset:
    """400 training and 200 test photos under the name of CIFAR-10."""
    images_train, labels_train = build_photos(400, seed=1)
    images_test, labels_test = build_photos(200, seed=2)
    return Dataset(
        DATASETS["cifar10"], images_train, labels_train, images_test, labels_test,
        source="test", is_sample=False, notes=(), load_errors=(),
    )  # fmt: skip


def save_photo_model() -> StoredModel:
    """Save the model as `photo_model`, with its report and saved images."""
    directory = get_user_models_dir() / "photo_model"
    directory.mkdir(parents=True)
    content = build_photo_tflite()
    (directory / "model.tflite").write_bytes(content)
    dataset = build_photo_dataset()
    report = evaluate_reader(DigitReader(content), dataset)
    indices = np.flatnonzero(~report.is_correct).astype(np.int32)
    saved = SavedImages(indices, dataset.images_test[indices])
    replace(report, saved_images=saved).save(directory / "report.npz")
    (directory / "model.keras").write_bytes(b"not needed for reading")
    card = get_model("simple_cnn").card
    card["label"] = "Photo model"
    card["config"] |= {"dataset": "cifar10"}
    card["data"] |= {"dataset": "cifar10", "label": dataset.spec.label}
    metrics = report.metrics
    card["test"] = {key: metrics[key] for key in ("n", "accuracy", "interval", "loss", "macro")}
    sha256 = hashlib.sha256(content).hexdigest()
    card["files"]["model.tflite"] = {"bytes": len(content), "sha256": sha256}
    write_json(directory / "card.json", card)
    return get_model("photo_model")


def _build_tensor(
    index: int, shape: tuple[int, ...], buffer: int, *, is_integer: bool
) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = f"tensor_{index}", list(shape), buffer
    tensor.type = schema.TensorType.INT32 if is_integer else schema.TensorType.FLOAT32
    return tensor


def _build_operator(
    code: int, inputs: list[int], output: int, options_type: str, options: object
) -> schema.OperatorT:
    built = schema.OperatorT()
    built.opcodeIndex, built.inputs, built.outputs = code, inputs, [output]
    built.builtinOptionsType = getattr(schema.BuiltinOptions, options_type)
    built.builtinOptions = options
    return built


def _build_operator_code(code: int) -> schema.OperatorCodeT:
    built = schema.OperatorCodeT()
    built.builtinCode = built.deprecatedBuiltinCode = code
    built.version = 1
    return built
