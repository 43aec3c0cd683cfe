"""The features of a network: the input of its last dense layer."""

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from digitlab.datasets.loading import load_local_dataset
from digitlab.errors import ModelStoreError
from digitlab.inference.activations import FeatureExtractor
from digitlab.model_store.store import get_model


def read_last_layer(content, n_classes):
    """Kernel and bias of the last dense layer, from the file."""
    graph = schema.ModelT.InitFromPackedBuf(content, 0)
    dense = [
        operator
        for operator in graph.subgraphs[0].operators
        if graph.operatorCodes[operator.opcodeIndex].builtinCode
        == schema.BuiltinOperator.FULLY_CONNECTED
    ][-1]
    tensors = [graph.subgraphs[0].tensors[index] for index in dense.inputs[1:]]
    kernel, bias = (bytes(graph.buffers[tensor.buffer].data) for tensor in tensors)
    return np.frombuffer(kernel, np.float32).reshape(n_classes, -1), np.frombuffer(bias, np.float32)


@pytest.mark.parametrize(("model_id", "n_classes"), [("simple_cnn", 10), ("digitlab_cnn", 11)])
def test_the_last_layer_turns_the_features_into_the_outputs(model_id, n_classes):
    content = get_model(model_id).read_content()
    images = load_local_dataset("mnist", is_sample=True).images_test[::7]
    kernel, bias = read_last_layer(content, n_classes)
    features = FeatureExtractor(content).compute(images)
    powers = np.exp(features @ kernel.T + bias)
    expected = get_model(model_id).open_reader().compute_outputs(images)
    np.testing.assert_allclose(powers / powers.sum(axis=1, keepdims=True), expected, atol=1e-4)


def test_the_batch_does_not_matter():
    images = load_local_dataset("mnist", is_sample=True).images_test[:200]
    extractor = FeatureExtractor(get_model("simple_cnn").read_content())
    steps = []
    features = extractor.compute(images, progress=lambda *step: steps.append(step))
    np.testing.assert_allclose(extractor.compute(images[150:]), features[150:], atol=1e-5)
    assert steps == [(128, 200), (200, 200)]


def test_a_model_without_a_dense_last_layer_is_rejected():
    graph = schema.ModelT.InitFromPackedBuf(get_model("simple_cnn").read_content(), 0)
    # The softmax becomes a hyperbolic tangent.
    last = graph.subgraphs[0].operators[-1]
    graph.operatorCodes[last.opcodeIndex].builtinCode = schema.BuiltinOperator.TANH
    builder = flatbuffers.Builder(1024)
    builder.Finish(graph.Pack(builder), b"TFL3")
    with pytest.raises(ModelStoreError, match="does not end in a dense layer"):
        FeatureExtractor(bytes(builder.Output()))
