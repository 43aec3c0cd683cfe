import pytest

from digitlab.errors import ConfigError
from digitlab.nets.layers import NetOptions
from digitlab.nets.registry import NETS
from digitlab.nets.summary import compute_layer_table


def test_simple_cnn_has_121_930_parameters():
    table = compute_layer_table("simple_cnn", (28, 28), 10)
    assert table.n_parameters == 121_930
    assert [row.n_parameters for row in table.rows if row.n_parameters] == [
        320, 18_496, 102_464, 650,
    ]  # fmt: skip
    assert [row.output_shape for row in table.rows][:3] == [(28, 28, 1), (26, 26, 32), (13, 13, 32)]
    assert table.rows[1].detail == "32 filters of 3x3, relu"
    assert table.rows[-1].detail == "10 units, softmax"
    # 26 * 26 * 9 * 32 and so on, for each layer
    assert table.n_multiplications == 194_688 + 2_230_272 + 102_400 + 640


# As the tutorials and papers state them, or as their layers sum up.
N_PARAMETERS = {
    ("simple_cnn", (28, 28)): 121_930,
    ("three_conv_cnn", (28, 28)): 93_322,
    ("classic_cnn", (28, 28)): 225_034,
    ("classic_cnn", (32, 32, 3)): 315_722,
    ("vgg_bn_cnn", (32, 32, 3)): 479_786,
    ("lenet5", (28, 28)): 61_706,
    ("resnet20", (32, 32, 3)): 274_042,
    ("resnet20", (28, 28)): 273_754,
    ("vgg16", (32, 32, 3)): 14_848_586,
    ("vgg16", (28, 28)): 14_848_586,
    ("vgg16", (48, 48, 3)): 14_848_586,
    ("resnet50", (32, 32, 3)): 23_608_202,
    ("inception_v3", (32, 32, 3)): 21_823_274,
    ("mobilenet_v2", (32, 32, 3)): 423_018,
    ("mlp", (28, 28)): 101_770,
    ("logistic_regression", (28, 28)): 7_850,
    ("tiny_cnn", (28, 28)): 5_266,
    ("digitlab_cnn", (28, 28)): 246_954,
    ("digitlab_resnet", (28, 28)): 617_130,
    ("lightning_cnn", (28, 28)): 46_874,
    ("photo_cnn", (32, 32, 3)): 357_482,
}


def test_every_network_has_its_number_of_parameters():
    found = {key: compute_layer_table(*key, 10).n_parameters for key in N_PARAMETERS}
    assert found == N_PARAMETERS
    assert {net for net, _ in N_PARAMETERS} == set(NETS)


def test_a_residual_block_adds_its_input():
    rows = compute_layer_table("resnet20", (32, 32, 3), 10).rows
    sums = [row for row in rows if row.layer == "Add"]
    assert [row.output_shape for row in sums] == [
        *[(32, 32, 16)] * 3, *[(16, 16, 32)] * 3, *[(8, 8, 64)] * 3,
    ]  # fmt: skip
    assert [row.detail for row in sums].count("of both paths") == 2
    # The layers with weights on the longest way: what "20" counts.
    assert sum(row.layer == "Conv2D" and "3x3" in row.detail for row in rows) + 1 == 20


def test_lightning_cnn_needs_an_eighth_of_the_multiplications():
    n_multiplications = {
        net: compute_layer_table(net, (28, 28), 10).n_multiplications for net in NETS
    }
    assert n_multiplications["lightning_cnn"] < n_multiplications["simple_cnn"] / 8


def test_batch_norm_has_four_parameters_for_each_filter_and_replaces_the_bias():
    plain = compute_layer_table("simple_cnn", (28, 28), 10).n_parameters
    with_norm = compute_layer_table("simple_cnn", (28, 28), 10, NetOptions(batch_norm="on"))
    assert with_norm.n_parameters == plain + 3 * (32 + 64)


def test_dropout_of_0_adds_no_layer():
    rows = compute_layer_table("simple_cnn", (28, 28), 10, NetOptions(dropout=0.0)).rows
    assert "Dropout" not in {row.layer for row in rows}
    rows = compute_layer_table("three_conv_cnn", (28, 28), 10, NetOptions(dropout=0.2)).rows
    assert rows[-2].detail == "20% dropped in training"


@pytest.mark.parametrize("image_shape", [(28, 28), (32, 32, 3)])
@pytest.mark.parametrize("net", NETS)
def test_every_network_classifies_digits_and_photos(net, image_shape):
    """Its last layer is dense with a softmax: calibration divides that layer's weights."""
    last = compute_layer_table(net, image_shape, 10).rows[-1]
    assert (last.layer, last.detail, last.output_shape) == ("Dense", "10 units, softmax", (10,))


def test_an_unknown_network_is_rejected():
    with pytest.raises(ConfigError, match="no such net"):
        compute_layer_table("no such net", (28, 28), 10)
