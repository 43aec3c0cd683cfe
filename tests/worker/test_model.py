"""Keras models built from the network definitions, their export and transfer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from digitlab.datasets.sample import load_sample
from digitlab.errors import ConfigError
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import get_model
from digitlab.nets.layers import ACTIVATIONS, NetOptions
from digitlab.nets.registry import NETS
from digitlab.nets.summary import compute_layer_table
from digitlab.training.config import TrainConfig
from digitlab.worker.export import export_tflite
from digitlab.worker.model import build_model, build_net, get_base_name
from digitlab.worker.normalization import BatchNormalization
from digitlab.worker.transfer import transfer_weights

LAYERS = {
    "simple_cnn": "Conv2D MaxPooling2D Conv2D MaxPooling2D Flatten Dense Dropout Dense",
    "three_conv_cnn": "Conv2D MaxPooling2D Conv2D MaxPooling2D Conv2D Flatten Dense Dense",
}


@pytest.mark.parametrize(("net", "count"), [("simple_cnn", 121_930), ("three_conv_cnn", 93_322)])
def test_the_tutorials_networks_match_their_summaries(net, count):
    model = build_net(net, (28, 28), 10)
    assert model.count_params() == count
    # The tutorials divide their arrays by 255 instead.
    names = [type(layer).__name__ for layer in model.layers]
    assert names == ["InputLayer", "Rescaling", *LAYERS[net].split()]
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert {layer.kernel_size for layer in convolutions} == {(3, 3)}
    assert {layer.activation.__name__ for layer in convolutions} == {"relu"}


def test_the_default_dropout_is_one_half():
    dropouts = [
        layer
        for layer in build_net("simple_cnn", (28, 28), 10).layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    assert [layer.rate for layer in dropouts] == [0.5]


# Their bases take half a minute each; the two smaller pretrained ones are exported always.
_LARGE = {"resnet50": pytest.mark.integration, "inception_v3": pytest.mark.integration}


@pytest.mark.parametrize("net", [pytest.param(net, marks=_LARGE.get(net, ())) for net in NETS])
def test_every_network_gives_the_same_probabilities_when_exported(net, tmp_path):
    keras.utils.set_random_seed(1)
    shape = (32, 32, 3) if net in ("photo_cnn", "vgg_bn_cnn") else (28, 28)
    model = build_net(net, shape, 10)
    images = np.random.default_rng(0).integers(0, 256, (130, *shape), dtype=np.uint8)
    export_tflite(model, tmp_path / "model.tflite", images)
    reader = DigitReader(tmp_path / "model.tflite")
    assert reader.image_shape == shape
    expected = model.predict(images.reshape(130, *shape[:2], -1), verbose=0)
    assert reader.compute_probabilities(images) == pytest.approx(expected, abs=1e-4)


def test_every_activation_can_be_exported(tmp_path):
    """All in one network: an export takes seconds."""
    keras.utils.set_random_seed(1)
    hidden = [keras.layers.Dense(8, activation=name) for name in ACTIVATIONS]
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten(),
            *hidden, keras.layers.Dense(10, activation="softmax"),
        ]
    )  # fmt: skip
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    # It compares the outputs of both.
    export_tflite(model, tmp_path / "model.tflite", images)


def test_the_fused_batch_normalisation_equals_that_of_keras():
    """Outputs, gradients and running averages, in training and after it."""
    images = np.random.default_rng(0).normal(3, 5, (32, 8, 8, 4)).astype(np.float32)
    found = []
    for kind in (keras.layers.BatchNormalization, BatchNormalization):
        layer = kind(momentum=0.9)
        inputs = tf.Variable(images)
        with tf.GradientTape() as tape:
            outputs = layer(inputs, training=True)
            loss = tf.reduce_sum(outputs**3)
        gradients = tape.gradient(loss, [inputs, *layer.trainable_variables])
        found.append([outputs, *gradients, *layer.get_weights(), layer(inputs, training=False)])
        layer.trainable = False
        # A frozen layer uses its averages.
        assert np.allclose(layer(inputs, training=True), found[-1][-1])
    for plain, fused in zip(*found, strict=True):
        assert np.allclose(plain, fused, rtol=2e-3, atol=2e-3)


def test_a_model_in_training_has_the_weights_of_the_saved_one(tmp_path):
    config = TrainConfig(net="digitlab_cnn")
    trained = build_model(config, for_training=True)
    saved = build_model(config)
    assert {type(layer).__module__ for layer in trained.layers if "norm" in layer.name} == {
        "digitlab.worker.normalization"
    }
    trained.save_weights(tmp_path / "w.weights.h5")
    saved.load_weights(tmp_path / "w.weights.h5")
    for one, other in zip(trained.get_weights(), saved.get_weights(), strict=True):
        assert np.array_equal(one, other)
    saved.save(tmp_path / "model.keras")
    assert (
        keras.saving.load_model(tmp_path / "model.keras").count_params() == trained.count_params()
    )


PLAIN_NETS = [net for net, spec in NETS.items() if spec.backbone is None]
BASE_NETS = [net for net, spec in NETS.items() if spec.backbone is not None]
OPTIONS = [
    NetOptions(),
    NetOptions(activation="gelu", batch_norm="on"),
    NetOptions(activation="tanh", batch_norm="off"),
    NetOptions(dropout=0.0, l2=1e-3),
    NetOptions(dropout=0.25, l1=1e-4, batch_norm="on"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3)])
@pytest.mark.parametrize("net", PLAIN_NETS)
def test_the_layer_table_matches_the_keras_model(net, shape, options):
    table = compute_layer_table(net, shape, 11, options)
    model = build_net(net, shape, 11, options)
    assert table.n_parameters == model.count_params()
    found = [
        (type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers[1:]
    ]
    # Keras lists the two paths of a residual block in turns.
    expected = [(row.layer, row.output_shape, row.n_parameters) for row in table.rows]
    assert sorted(found) == sorted(expected)
    assert (found[0], found[-1]) == (expected[0], expected[-1])


@pytest.mark.parametrize("shape", [(28, 28), (48, 48, 3), (128, 128, 3)])
@pytest.mark.parametrize("net", BASE_NETS)
def test_the_layer_table_matches_the_pretrained_base(net, shape):
    table = compute_layer_table(net, shape, 11)
    model = build_net(net, shape, 11)
    assert table.n_parameters == model.count_params()
    base = model.get_layer(get_base_name(NETS[net].backbone))
    row = table.rows[0]
    assert (row.output_shape, row.n_parameters) == (base.output_shape[1:], base.count_params())


@pytest.mark.parametrize("net", PLAIN_NETS)
def test_the_activation_reaches_every_hidden_layer(net):
    model = build_net(net, (32, 32, 3), 10, NetOptions(activation="elu"))
    found = {getattr(layer, "activation", keras.activations.linear) for layer in model.layers[:-1]}
    expected = set() if net == "logistic_regression" else {keras.activations.elu}
    assert found - {keras.activations.linear} == expected


def test_options_reach_every_layer():
    options = NetOptions(activation="elu", dropout=0.3, l1=1e-4, l2=1e-3)
    model = build_net("three_conv_cnn", (28, 28), 10, options)
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    assert {layer.activation.__name__ for layer in kernels[:-1]} == {"elu"}
    assert {float(layer.kernel_regularizer.l1) for layer in kernels} == {1e-4}
    assert {float(layer.kernel_regularizer.l2) for layer in kernels} == {1e-3}
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.3]


def test_transferred_weights_classify_at_once():
    model = build_net("simple_cnn", (28, 28), 12)
    assert transfer_weights(get_model("simple_cnn"), model) == 4
    sample = load_sample()
    probabilities = model.predict(sample["x_test"][..., None], verbose=0)[:, :10]
    assert (probabilities.argmax(axis=1) == sample["y_test"]).mean() > 0.97


def test_a_source_without_a_fitting_layer_is_refused():
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.DepthwiseConv2D(3)])
    with pytest.raises(ConfigError, match="none of its layers fits"):
        transfer_weights(get_model("simple_cnn"), model)
