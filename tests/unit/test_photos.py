"""Photos are cropped and scaled to what a network reads."""

import numpy as np
import pytest

from digitlab.inference.photos import fit_photo


def test_the_square_in_the_middle_is_scaled():
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, 100:200] = (200, 100, 50)
    fitted = fit_photo(picture, (32, 32, 3))
    assert fitted.shape == (32, 32, 3)
    assert (fitted == (200, 100, 50)).all()


@pytest.mark.parametrize("shape", [(7, 5), (1, 1), (28, 28), (2000, 31, 3)])
@pytest.mark.parametrize("image_shape", [(28, 28), (32, 32, 3)])
def test_any_picture_fits(shape, image_shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    fitted = fit_photo(picture, image_shape)
    assert (fitted.shape, fitted.dtype) == (image_shape, np.uint8)


def test_a_bright_background_becomes_black_for_grey_networks():
    picture = np.full((90, 90, 3), 250, np.uint8)
    picture[30:60, 30:60] = 20
    fitted = fit_photo(picture, (28, 28))
    assert fitted[0, 0] == 5
    assert fitted[14, 14] == 235
    assert np.array_equal(fit_photo(255 - picture, (28, 28)), fitted)
