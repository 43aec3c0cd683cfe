import keras
import numpy as np
import pytest

from digitlab.inference.reader import DigitReader
from digitlab.nets.architectures import NETS
from digitlab.nets.layers import ACTIVATIONS, NetOptions
from digitlab.nets.summary import compute_layer_table
from digitlab.worker.export import export_tflite
from digitlab.worker.model import build_net

LAYERS = {
    "simple_cnn": "Conv2D MaxPooling2D Conv2D MaxPooling2D Flatten Dense Dropout Dense",
    "three_conv_cnn": "Conv2D MaxPooling2D Conv2D MaxPooling2D Conv2D Flatten Dense Dense",
}


@pytest.mark.parametrize(("net", "count"), [("simple_cnn", 121_930), ("three_conv_cnn", 93_322)])
def test_the_tutorials_networks_are_exact(net, count):
    model = build_net(net, (28, 28), 10)
    assert model.count_params() == count
    # Scaling is ours: the tutorials divide their arrays by 255.
    assert [type(layer).__name__ for layer in model.layers] == ["Rescaling", *LAYERS[net].split()]
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert {layer.kernel_size for layer in convolutions} == {(3, 3)}
    assert {layer.activation.__name__ for layer in convolutions} == {"relu"}


def test_dropout_is_a_half():
    dropouts = [
        layer
        for layer in build_net("simple_cnn", (28, 28), 10).layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    assert [layer.rate for layer in dropouts] == [0.5]


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3)])
def test_every_network_takes_every_image(net, shape, tmp_path):
    """Keras and the exported file must give the same probabilities."""
    keras.utils.set_random_seed(1)
    model = build_net(net, shape, 10)
    images = np.random.default_rng(0).integers(0, 256, (130, *shape), dtype=np.uint8)
    export_tflite(model, tmp_path / "model.tflite", images)
    reader = DigitReader(tmp_path / "model.tflite")
    assert reader.image_shape == shape
    expected = model.predict(images.reshape(130, *shape[:2], -1), verbose=0)
    assert reader.compute_probabilities(images) == pytest.approx(expected, abs=1e-4)


OPTIONS = [
    NetOptions(),
    NetOptions(activation="gelu", batch_norm="on"),
    NetOptions(activation="tanh", batch_norm="off"),
    NetOptions(dropout=0.0, l2=1e-3),
    NetOptions(dropout=0.25, l1=1e-4, batch_norm="on"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3)])
@pytest.mark.parametrize("net", NETS)
def test_the_layer_table_is_what_keras_builds(net, shape, options):
    table = compute_layer_table(net, shape, 11, options)
    model = build_net(net, shape, 11, options)
    assert table.n_parameters == model.count_params()
    found = [
        (type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers
    ]
    assert found == [(row.layer, row.output_shape, row.n_parameters) for row in table.rows]


def test_options_reach_every_layer():
    options = NetOptions(activation="elu", dropout=0.3, l1=1e-4, l2=1e-3)
    model = build_net("three_conv_cnn", (28, 28), 10, options)
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    assert {layer.activation.__name__ for layer in kernels[:-1]} == {"elu"}
    assert {float(layer.kernel_regularizer.l1) for layer in kernels} == {1e-4}
    assert {float(layer.kernel_regularizer.l2) for layer in kernels} == {1e-3}
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.3]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_can_be_exported(activation, tmp_path):
    keras.utils.set_random_seed(1)
    model = build_net("simple_cnn", (28, 28), 10, NetOptions(activation, batch_norm="on"))
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    export_tflite(model, tmp_path / "model.tflite", images)
    expected = model.predict(images[..., None], verbose=0)
    answered = DigitReader(tmp_path / "model.tflite").compute_probabilities(images)
    assert answered == pytest.approx(expected, abs=1e-4)
