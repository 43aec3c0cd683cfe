"""The graph of a network's layers, as HTML."""

import re

import pytest

from digitlab.nets.layers import NetOptions
from digitlab.nets.registry import NETS
from digitlab.nets.summary import compute_layer_table
from digitlab.ui.models.layer_graph import build_layer_graph


@pytest.mark.parametrize("net", NETS)
def test_the_graph_has_all_parameters(net):
    html = build_layer_graph(net, (32, 32, 3), 10, NetOptions())
    counts = re.findall(r"([\d,]+) parameters", html)
    table = compute_layer_table(net, (32, 32, 3), 10)
    assert sum(int(count.replace(",", "")) for count in counts) == table.n_parameters
    assert html.count("<div") == html.count("</div>")
    assert html.count("<ol") == html.count("</ol>")


def test_both_paths_of_a_residual_block_are_side_by_side():
    html = build_layer_graph("resnet20", (32, 32, 3), 10, NetOptions())
    assert html.count('class="paths"') == 9
    # Two blocks halve the size and need a convolution in their shortcut.
    assert html.count("shortcut: unchanged") == 7
    assert html.count("<ol>") == 9 + 2


def test_layers_that_keep_the_shape_are_part_of_the_layer_before():
    html = build_layer_graph("vgg_bn_cnn", (32, 32, 3), 10, NetOptions())
    assert "<strong>BatchNormalization" not in html
    assert "<strong>Dropout" not in html
    assert "BatchNormalization" in html
