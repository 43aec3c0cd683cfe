"""The scripts in plain Keras build digitlab's networks, and train as digitlab does."""

import io
import re
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

from digitlab.dataset_import.importing import import_pictures
from digitlab.datasets.sample import load_sample
from digitlab.model_store.card import load_card
from digitlab.nets.registry import NETS
from digitlab.nets.summary import compute_layer_table
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from digitlab.training.keras_script import write_keras_script
from digitlab.training.recipes import RECIPES
from tests.unit.user_pictures import list_pictures, pack_pictures
from tests.worker.workers import train_here

# Their bases take seconds to build; VGG16 and MobileNetV2 show both kinds of scaling.
SMALL_NETS = [net for net in NETS if net not in ("resnet50", "inception_v3")]


@pytest.mark.parametrize("net", SMALL_NETS)
@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
def test_the_network_has_the_same_parameters(net, dataset):
    config = TrainConfig(dataset=dataset, net=net, l2=1e-4, augmentation=0.5)
    script = write_keras_script(config)
    # From the imports to the network, without data.
    head, _, rest = script.partition("if len(sys.argv)")
    network = re.search(r"(^# Left out.*?)^model\.summary", rest, re.DOTALL | re.MULTILINE)
    names = {}
    exec(head + network[1], names)
    shape = (28, 28) if dataset == "mnist" else (32, 32, 3)
    expected = compute_layer_table(net, shape, 10, config.net_options).n_parameters
    assert names["model"].count_params() == expected
    keras.backend.clear_session()


@pytest.fixture
def sample_file(tmp_path):
    """The offline sample in the form of Keras's `mnist.npz`."""
    path = tmp_path / "sample.npz"
    np.savez(path, **load_sample())
    return path


def run_script(config, path, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(write_keras_script(config))
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(path)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "model.keras").is_file()
    found = re.search(r"test accuracy ([\d.]+), ([\d,]+) parameters", done.stdout)
    return float(found[1]), int(found[2].replace(",", ""))


def test_a_script_with_most_settings_runs(sample_file, tmp_path):
    config = TrainConfig(
        net="tiny_cnn", epochs=1, augmentation=0.5, flip=True, schedule="one_cycle",
        optimizer="adamw", weight_decay=0.01, ema_momentum=0.9, label_smoothing=0.1, l1=1e-6,
        class_weights="balanced", training_fraction=0.2, early_stopping=2,
    )  # fmt: skip
    accuracy, n_parameters = run_script(config, sample_file, tmp_path)
    assert n_parameters == 5_266
    assert accuracy > 0.05


@pytest.mark.integration
def test_the_script_for_a_folder_of_pictures_runs(tmp_path):
    own = import_pictures(io.BytesIO(pack_pictures(20)), "Shapes", image_px=32)
    for name, content in list_pictures(20):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    config = TrainConfig(dataset=own.id, net="photo_cnn", epochs=8, batch_size=8)
    accuracy, n_parameters = run_script(config, tmp_path / "pictures", tmp_path)
    assert n_parameters == compute_layer_table("photo_cnn", (32, 32, 3), 3).n_parameters
    assert accuracy > 0.5


@pytest.mark.integration
@pytest.mark.parametrize("recipe", ["simple_cnn", "lightning", "digitlab_cnn"])
def test_the_script_is_as_accurate_as_the_run(recipe, sample_file, tmp_path):
    """On the offline sample, which the run uses without MNIST."""
    config = RECIPES[recipe].config
    # An average of the weights over so few steps must be a short one.
    ema_momentum = min(config.ema_momentum, 0.9)
    config = replace(config, epochs=8, exclude_sample=False, ema_momentum=ema_momentum)
    accuracy, n_parameters = run_script(config, sample_file, tmp_path)
    run = create_run(config)
    assert train_here(run).state == "done"
    card = load_card(run.directory)
    assert card["data"]["is_sample"]
    assert n_parameters == card["n_parameters"]
    assert accuracy == pytest.approx(card["test"]["accuracy"], abs=0.02)
