"""A photo that the network is unsure of is prepared again with stricter thresholds."""

import numpy as np
import pytest

from benchmarks.reading.conditions import make_squared_paper
from digitlab.datasets.sample import load_sample
from digitlab.errors import EmptyInkError
from digitlab.inference.multi_digit import looks_like_several, read_many_page
from digitlab.ink import prepare_picture
from digitlab.ink.segmentation import quantize_page
from digitlab.model_store.store import get_model
from digitlab.synthesis.rendering import make_object_photo


@pytest.fixture(scope="module")
def reader():
    return get_model("digitlab_cnn").open_reader()


@pytest.fixture(scope="module")
def photos():
    """Digits on squared paper whose lines are nearly as strong as the pen."""
    sample = load_sample()
    digits = list(zip(sample["x_train"][:1000], map(str, sample["y_train"]), strict=False))
    return make_squared_paper(digits, 100, seed=13).items


def test_lines_that_the_first_try_leaves_are_removed(photos, reader):
    def is_correct(image, item):
        answer = reader.read(image)
        return answer.is_digit and answer.digit == item.digit

    first = [is_correct(item.prepare(None), item) for item in photos]
    second = [is_correct(item.prepare(reader.rate), item) for item in photos]
    assert sum(second) > sum(first)
    # Nothing that was read becomes unreadable.
    assert all(after for before, after in zip(first, second, strict=True) if before)


def test_one_digit_on_squared_paper_seldom_looks_like_several(photos, reader):
    pages = [quantize_page(prepare_picture(item.view(), reader.rate).page) for item in photos]
    assert sum(looks_like_several(read_many_page(page, reader)) for page in pages) <= 4


def test_a_sure_answer_needs_no_second_try(photos):
    calls = []

    def rate(image):
        calls.append(image)
        return 0.95

    once = photos[0].prepare(rate)
    assert np.array_equal(once, photos[0].prepare(None))
    assert len(calls) == 1


def test_objects_do_not_become_digits(reader):
    random = np.random.default_rng(3)
    n_read = {True: 0, False: 0}
    for _ in range(60):
        photo = make_object_photo(random)
        for again in n_read:
            try:
                image = prepare_picture(photo, reader.rate if again else None).image
            except EmptyInkError:
                continue
            n_read[again] += reader.read(image).is_digit
    assert n_read[True] <= n_read[False] + 3
