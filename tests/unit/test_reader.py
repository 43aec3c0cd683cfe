import threading

import numpy as np
import pytest

from digitlab.errors import ModelStoreError
from digitlab.inference.reader import Answer, DigitReader
from digitlab.inference.saliency import compute_occlusion
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import get_model
from digitlab.paths import get_shipped_models_dir
from tests.unit.photo_model import COLOURS, build_photo_tflite


@pytest.fixture(scope="module")
def reader():
    return get_model("digitlab_cnn").open_reader()


@pytest.fixture(scope="module")
def samples():
    """The ten sample digits, `(10, 28, 28)`."""
    return np.stack(
        [prepare_drawing(parse_drawing(build_sample_drawing(digit))).image for digit in range(10)]
    )


def test_the_sample_digits_are_classified(reader, samples):
    answers = [reader.read(image) for image in samples]
    assert [answer.digit for answer in answers] == list(range(10))
    assert all(answer.certainty in ("sure", "fairly sure") for answer in answers)


@pytest.mark.parametrize("n", [0, 1, 127, 128, 129, 300])
def test_a_batch_gives_the_same_answers_as_single_digits(reader, samples, n):
    images = samples[np.arange(n) % 10]
    probabilities = reader.compute_probabilities(images)
    assert probabilities.shape == (n, 10)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(n), abs=1e-5)
    single = np.array([reader.read(image).probabilities for image in samples])
    assert probabilities == pytest.approx(single[np.arange(n) % 10], abs=1e-5)


def test_threads_can_share_a_reader(reader, samples):
    wrong_answers = []

    def read_often(digit):
        for _ in range(200):
            if reader.read(samples[digit]).digit != digit:
                wrong_answers.append(digit)

    threads = [threading.Thread(target=read_often, args=(digit,)) for digit in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong_answers == []


@pytest.mark.parametrize("images", [np.zeros((2, 32, 32), np.uint8), np.zeros((2, 28, 28))])
def test_a_wrong_shape_or_dtype_is_refused(reader, images):
    with pytest.raises(ValueError, match="this model reads uint8"):
        reader.compute_probabilities(images)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x1c\x00\x00\x00TFL3" + b"\x00" * 50])
def test_a_broken_model_file_is_refused(tmp_path, content):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelStoreError, match="cannot be loaded"):
        DigitReader(path)


def test_certainty_as_text():
    def answer(best, second):
        rest = (1 - best - second) / 8
        return Answer((rest,) * 4 + (best,) + (rest,) * 4 + (second,))

    assert answer(0.97, 0.02).certainty == "sure"
    assert answer(0.8, 0.15).certainty == "fairly sure"
    assert answer(0.5, 0.4).certainty == "can't tell: 4 or 9"


def test_occlusion_finds_the_ink_that_matters(reader):
    """Covering some of a 7's ink must hurt, covering paper must change nothing."""
    image = prepare_drawing(parse_drawing(build_sample_drawing(7))).image
    weights, other = compute_occlusion(reader, image, [7, 1])
    assert weights.shape == other.shape == (28, 28)
    far_from_ink = np.ones((28, 28), bool)
    for row, column in np.argwhere(image):
        far_from_ink[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3] = False
    assert (weights[far_from_ink] == 0).all()
    assert weights.max() > 0.1


def test_occlusion_of_a_photo_finds_the_half_that_supports_a_class():
    reader = DigitReader(build_photo_tflite())
    photo = np.empty((32, 32, 3), np.uint8)
    photo[:, :16], photo[:, 16:] = COLOURS[4], COLOURS[3]
    weights = compute_occlusion(reader, photo, [4, 3])
    assert weights.shape == (2, 32, 32)
    left, right = weights[:, :, 4:12].mean((1, 2)), weights[:, :, 20:28].mean((1, 2))
    assert left[0] > 0.4
    assert right[0] < -0.4
    assert left[1] < -0.4
    assert right[1] > 0.4


def test_eleven_classes_of_photos_have_no_no_digit():
    content = (get_shipped_models_dir() / "digitlab_cnn" / "model.tflite").read_bytes()
    images = np.zeros((2, 28, 28), np.uint8)
    reader = DigitReader(content, reads_digits=False)
    probabilities, no_digit = reader.compute_readings(images)
    assert probabilities.shape == (2, 11)
    assert not no_digit.any()
