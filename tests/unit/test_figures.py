import numpy as np

from digitlab.figures.probability import describe_probabilities, probability_figure
from digitlab.figures.saliency import occlusion_figure
from digitlab.figures.theme import INK_BLUE

PROBABILITIES = (0.01, 0.02, 0.03, 0.04, 0.6, 0.05, 0.05, 0.05, 0.05, 0.1)


def test_the_answers_bar_stands_out():
    bars = probability_figure(PROBABILITIES).data[0]
    assert list(bars.x) == [str(digit) for digit in range(10)]
    assert list(bars.y) == list(PROBABILITIES)
    assert [k for k, colour in enumerate(bars.marker.color) if colour == INK_BLUE] == [4]


def test_the_words_say_what_the_bars_show():
    words = describe_probabilities(PROBABILITIES)
    assert words.index("4: 60.0%") < words.index("9: 10.0%") < words.index("0: 1.0%")


def test_the_occlusion_scale_is_even_on_both_sides():
    weights = np.zeros((28, 28))
    weights[3, 4], weights[5, 6] = 0.5, -0.2
    heat, outline = occlusion_figure(weights, np.zeros((28, 28), np.uint8), 7).data
    assert (heat.zmin, heat.zmax) == (-0.5, 0.5)
    assert outline.contours.start == 100
