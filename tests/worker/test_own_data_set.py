"""Training on the user's own pictures by the real command, worker and Keras."""

import io
import subprocess
import sys

import numpy as np
import pytest

from digitlab.dataset_import.importing import import_pictures
from digitlab.datasets.loading import load_dataset
from digitlab.datasets.user_datasets import delete_user_dataset, list_user_datasets
from digitlab.evaluation.results_cache import describe_data, load_report, load_test_images
from digitlab.inference.photos import fit_photo
from digitlab.ink import decode_picture
from digitlab.model_store.store import get_model
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from tests.conftest import PROJECT_DIR, end_workers
from tests.unit.user_pictures import (
    KINDS,
    build_picture,
    encode_picture,
    list_pictures,
    list_tinted,
)
from tests.unit.user_zip import pack
from tests.worker.workers import LIMIT_S, train_here


def run_cli(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "digitlab", *arguments], cwd=PROJECT_DIR, capture_output=True,
        text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip


def test_train_data_makes_a_model_that_classifies_without_the_data_set(tmp_path):
    for name, content in list_pictures(30):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "pictures/discs/broken.png").write_bytes(b"no picture")
    done = run_cli(
        "train", "--data", str(tmp_path / "pictures"), "--image-px", "32", "--epochs", "12",
        "--batch-size", "8", "--save-as", "Shapes",
    )  # fmt: skip
    end_workers(tmp_path / "cache")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "72 training images, 18 test images, 3 classes" in done.stdout
    assert "1 file left out: damaged, too large or not a picture." in done.stdout
    assert run_cli("train", "--data", "a", "--dataset", "mnist").returncode == 1

    model = get_model("shapes")
    report = load_report(model)
    assert report.probabilities.shape == (18, 3)
    assert report.accuracy > 0.8
    assert len(load_test_images(model, report).images) == 18
    delete_user_dataset("pictures")
    assert (model.class_names, model.image_shape) == (tuple(sorted(KINDS)), (32, 32, 3))
    assert describe_data(model, report)["label"] == "pictures"
    pictures = [encode_picture(build_picture(kind, 5000)) for kind in sorted(KINDS)]
    images = np.stack([fit_photo(decode_picture(one), model.image_shape) for one in pictures])
    predictions = model.open_reader().compute_probabilities(images).argmax(axis=1)
    assert (predictions == [0, 1, 2]).sum() >= 2
    assert "deleted" in run_cli("train", "--dataset", "pictures").stderr


@pytest.mark.parametrize(
    ("n_classes", "settings"),
    [
        (2, {"loss": "mse", "calibrate": True}),
        (11, {"loss": "categorical_crossentropy", "augmentation": 0.5, "flip": True}),
        (100, {"class_weights": "balanced", "training_fraction": 0.5}),
    ],
)
def test_any_number_of_classes_is_trained(n_classes, settings):
    """Eleven classes have no "no digit"; of two classes with five images none is for validation."""
    names = [f"<{k}>" for k in range(n_classes)]
    own = import_pictures(io.BytesIO(pack(list_tinted(names, 5))), "Many", image_px=32)
    config = TrainConfig(dataset=own.id, net="simple_cnn", epochs=1, batch_size=16, **settings)
    run = create_run(config)
    status = train_here(run)
    assert status.state == "done", status.message
    reloaded = load_dataset(own.id)
    assert len(reloaded.labels_test) == n_classes
    assert len(list_user_datasets()) == 1
