"""The outputs of a network's layers, and the pictures of them."""

import numpy as np
import pytest

from digitlab.figures.theme import INK_BLUE, VALIDATION, parse_colour
from digitlab.inference.layer_outputs import LayerObserver, LayerOutput, read_first_kernels
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import get_model
from digitlab.ui.layer_pictures import build_layer_pictures, colour_maps
from tests.unit.photo_model import build_photo_tflite, build_photos


@pytest.fixture(scope="module")
def simple_cnn():
    return get_model("simple_cnn").read_content()


def test_the_outputs_are_those_of_the_network(simple_cnn):
    """The first layer is computed here from its kernels; the last is the reader's answer."""
    image = prepare_drawing(parse_drawing(build_sample_drawing(7))).image
    layers = LayerObserver(simple_cnn).compute(image)
    assert [layer.name for layer in layers] == [
        "Convolution 3×3, ReLU", "Max pooling", "Convolution 3×3, ReLU", "Max pooling",
        "Dense, ReLU", "Dense", "Softmax",
    ]  # fmt: skip
    expected = get_model("simple_cnn").open_reader().compute_outputs(image[None])[0]
    assert layers[-1].values == pytest.approx(expected, abs=1e-6)

    kernels = read_first_kernels(simple_cnn)
    assert kernels.shape == (32, 3, 3, 1)
    windows = np.lib.stride_tricks.sliding_window_view(image.astype(np.float32), (3, 3))
    sums = np.einsum("rcij,kij->rck", windows, kernels[..., 0])
    # What the bias adds is the same at every place.
    first = layers[0].values
    inside = (first > 0) & (first[:1, :1] > 0)
    difference = (first - sums - first[:1, :1])[inside]
    assert inside.sum() > 1000
    assert np.abs(difference).max() < 1e-3
    pooled = first.reshape(13, 2, 13, 2, 32).max(axis=(1, 3))
    assert layers[1].values == pytest.approx(pooled)


def test_a_network_without_a_convolution_has_no_kernels():
    content = build_photo_tflite()
    assert read_first_kernels(content) is None
    layers = LayerObserver(content).compute(build_photos(1)[0][0])
    assert [layer.name for layer in layers] == ["Global average pooling", "Dense", "Softmax"]


def test_positive_values_are_blue_and_negative_ones_amber():
    maps = np.zeros((9, 2, 2))
    maps[0, 0, 0], maps[8, 1, 1] = 4.0, -4.0
    picture = colour_maps(maps)
    # Two rows of eight maps of 2x2 pixels with a margin of one.
    assert picture.shape == (8, 32, 3)
    assert np.array_equal(picture[1, 1], parse_colour(INK_BLUE))
    assert np.array_equal(picture[6, 2], parse_colour(VALIDATION))
    assert (picture[1:3, 5:7] == 240).all()
    assert (picture[0] == 255).all()


def test_many_maps_are_cut_and_a_dense_layer_is_one_map():
    html = build_layer_pictures(
        [LayerOutput("Convolution <1>", np.ones((2, 2, 128))), LayerOutput("Dense", np.ones(100))]
    )
    assert "Convolution &lt;1&gt;<span>2×2×128, the first 64</span>" in html
    assert "Dense<span>100</span>" in html
