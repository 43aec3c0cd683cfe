"""Learning from the probabilities of other models."""

from dataclasses import replace

import numpy as np
import pytest

from digitlab.datasets.loading import load_dataset
from digitlab.errors import ConfigError
from digitlab.model_store.store import get_model, save_model
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from digitlab.worker.data import TrainingData, build_fit_arguments
from digitlab.worker.distillation import compute_teacher_labels, get_teachers, shift_images
from digitlab.worker.model_card import format_commands
from tests.worker.results import TINY, load_card
from tests.worker.workers import train_here


@pytest.fixture(scope="module")
def digits():
    dataset = load_dataset("mnist")
    return dataset.images_test[:300], dataset.labels_test[:300]


def test_images_are_shifted_by_a_pixel():
    image = np.arange(6).reshape(1, 2, 3)
    assert shift_images(image, 1, 0).tolist() == [[[0, 1, 2], [0, 1, 2]]]
    assert shift_images(image, 0, -1).tolist() == [[[1, 2, 2], [4, 5, 5]]]
    photo = np.arange(24).reshape(1, 2, 4, 3)
    assert np.array_equal(shift_images(photo, 0, 1)[:, :, 1:], photo[:, :, :-1])
    assert np.array_equal(shift_images(photo, 0, 0), photo)


def test_labels_are_the_mean_of_all_teachers_and_shifts(digits):
    images, labels = digits[0][:20], digits[1][:20]
    readers = [get_model("simple_cnn").open_reader()] * 2
    calls = []
    found = compute_teacher_labels(readers, images[..., None], lambda *call: calls.append(call))
    shifts = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]
    expected = [readers[0].compute_outputs(np.roll(images, shift, axis=(1, 2))) for shift in shifts]
    assert found == pytest.approx(np.mean(expected, axis=0), abs=1e-5)
    assert calls[-1] == (20, 20)
    dataset = load_dataset("mnist")
    data = TrainingData(dataset, (images[..., None], labels), None, teacher_labels=found)
    taught = build_fit_arguments(replace(TINY, teacher="simple_cnn"), data, seed=0)["y"]
    assert taught == pytest.approx((np.eye(10)[labels] + found) / 2, abs=1e-5)


def test_a_student_names_its_teacher_on_its_card():
    run = create_run(replace(TINY, epochs=1, teacher="simple_cnn"))
    status = train_here(run)
    assert status.state == "done", status.message
    assert "--teacher simple_cnn" in load_card(run)["command"]
    assert load_card(run)["config"]["teacher"] == "simple_cnn"


def test_the_commands_of_every_teacher_come_first(run_copy):
    teachers = [save_model(run_copy, label=label) for label in ("One", "Two")]
    run = create_run(TrainConfig(teacher="one,two"))
    lines = format_commands(run, teachers).splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == ["one", "two", "one,two"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (TrainConfig(teacher="nothing"), r"teacher is 'nothing'\. There is no model"),
        (TrainConfig(teacher="digitlab_cnn"), "28×28 pixels in 11 classes"),
        (TrainConfig(dataset="cifar10", teacher="simple_cnn"), "28×28 pixels in 10 classes"),
    ],
)
def test_a_teacher_of_other_classes_is_refused(config, message):
    with pytest.raises(ConfigError, match=message):
        get_teachers(config, viewer="")
