import pytest

from digitlab.errors import ConfigError
from digitlab.nets.architectures import NETS
from digitlab.nets.layers import NetOptions
from digitlab.nets.summary import compute_layer_table


def test_the_tutorials_network_has_121_930_parameters():
    table = compute_layer_table("simple_cnn", (28, 28), 10)
    assert table.n_parameters == 121_930
    assert [row.n_parameters for row in table.rows if row.n_parameters] == [
        320, 18_496, 102_464, 650,
    ]  # fmt: skip
    assert [row.output_shape for row in table.rows][:3] == [(28, 28, 1), (26, 26, 32), (13, 13, 32)]
    assert table.rows[1].detail == "32 filters of 3x3, relu"
    assert table.rows[-1].detail == "10 units, softmax"
    # 26 * 26 * 9 * 32 and so on, layer by layer
    assert table.n_multiplications == 194_688 + 2_230_272 + 102_400 + 640


def test_the_lightning_network_does_an_eighth_of_the_work():
    work = {net: compute_layer_table(net, (28, 28), 10).n_multiplications for net in NETS}
    assert work["lightning_cnn"] < work["simple_cnn"] / 8


def test_normalisation_costs_four_numbers_a_filter_and_saves_the_bias():
    plain = compute_layer_table("simple_cnn", (28, 28), 10).n_parameters
    with_norm = compute_layer_table("simple_cnn", (28, 28), 10, NetOptions(batch_norm="on"))
    assert with_norm.n_parameters == plain + 3 * (32 + 64)


def test_no_dropout_is_no_layer():
    rows = compute_layer_table("simple_cnn", (28, 28), 10, NetOptions(dropout=0.0)).rows
    assert "Dropout" not in {row.layer for row in rows}
    rows = compute_layer_table("three_conv_cnn", (28, 28), 10, NetOptions(dropout=0.2)).rows
    assert rows[-2].detail == "20% dropped while training"


def test_an_unknown_network_is_refused():
    with pytest.raises(ConfigError, match="resnet"):
        compute_layer_table("resnet", (28, 28), 10)
