"""Transfer learning: phases, frozen bases, and weights from files."""

from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from digitlab.errors import ConfigError
from digitlab.nets.backbones import INCEPTION_V3, MOBILENET_V2, RESNET50, VGG16
from digitlab.nets.registry import NETS
from digitlab.runs.checkpoints import list_checkpoints
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from digitlab.training.pretrained import describe_missing_weights
from digitlab.worker.model import build_model, build_net, get_base_name
from digitlab.worker.transfer import compute_features, load_imagenet_weights, split_model
from tests.worker.results import load_weights
from tests.worker.test_resume import stop_after_epoch
from tests.worker.workers import train_here

# 40 digits of the offline sample.
TWO_PHASES = TrainConfig(
    net="mobilenet_v2", init_from="imagenet", epochs=4, frozen_epochs=2, training_fraction=0.011,
    batch_size=20, fine_tuning_factor=0.1, validation_split=0.02,
)  # fmt: skip


@pytest.fixture
def weights_file(tmp_path, monkeypatch):
    """A file of the official form and name, with random weights; returns its arrays."""
    keras.utils.set_random_seed(3)
    base = keras.applications.MobileNetV2(
        include_top=False, weights=None, alpha=0.35, input_shape=(224, 224, 3)
    )
    folder = tmp_path / "data"
    folder.mkdir()
    base.save_weights(folder / MOBILENET_V2.weights.other_names[0])
    monkeypatch.setenv("DIGITLAB_DATA", str(folder))
    return base.get_weights()


def get_base_weights(model):
    return model.get_layer(get_base_name(MOBILENET_V2)).get_weights()


def are_equal(first, second):
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_a_frozen_base_keeps_its_weights_and_fine_tuning_changes_them(weights_file):
    assert describe_missing_weights(TWO_PHASES) == ""
    run = create_run(TWO_PHASES)
    assert train_here(run).state == "done"
    rates = [row["learning_rate"] for row in run.read_history()]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-4, 1e-4])

    frozen = create_run(replace(TWO_PHASES, epochs=2))
    assert train_here(frozen).state == "done"
    model = keras.saving.load_model(frozen.directory / "model.keras", compile=False)
    assert are_equal(get_base_weights(model), weights_file)

    model = build_model(TWO_PHASES, for_training=True)
    last, before, *_ = list_checkpoints(run)
    assert (last.epochs, before.epochs) == (4, 3)
    model.load_weights(last.path)
    assert not are_equal(get_base_weights(model), weights_file)


def test_a_run_stopped_in_its_frozen_phase_continues_as_if_never_stopped(copied_shelf_run):
    whole, stopped = copied_shelf_run(), copied_shelf_run()
    assert train_here(whole).state == "done"
    assert stop_after_epoch(stopped, 1).state == "stopped"
    stopped.clear_stop_request()
    assert train_here(stopped).state == "done"
    histories = [run.read_history() for run in (whole, stopped)]
    assert [len(history) for history in histories] == [3, 3]
    assert [row["learning_rate"] for row in histories[1]] == pytest.approx([1e-3, 1e-3, 1e-4])
    # The first epoch is the same; the seeds of the later ones differ after a resume.
    assert histories[0][0]["val_loss"] == pytest.approx(histories[1][0]["val_loss"], rel=1e-3)


@pytest.fixture
def copied_shelf_run():
    config = TrainConfig(
        init_from="simple_cnn", epochs=3, frozen_epochs=2, training_fraction=0.1, batch_size=50
    )
    return lambda: create_run(config)


def test_a_new_head_on_a_stored_models_base(copied_shelf_run):
    run = copied_shelf_run()
    run_config = replace(run.read_config(), epochs=2)
    run = create_run(run_config)
    assert train_here(run).state == "done"
    source = build_model(run_config)
    base, _ = split_model(source)
    shelf = load_weights(run)
    assert len(base.get_weights()) < len(shelf)
    # Two epochs of a new head on 360 digits: the base was good already.
    assert run.read_history()[-1]["val_accuracy"] > 0.9


def test_missing_weights_are_named_before_the_start(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("DIGITLAB_CACHE", str(tmp_path))
    monkeypatch.delenv("DIGITLAB_DATA", raising=False)
    for net, backbone in (
        ("vgg16", VGG16), ("resnet50", RESNET50), ("inception_v3", INCEPTION_V3)
    ):  # fmt: skip
        sentence = describe_missing_weights(TrainConfig(net=net, init_from="imagenet"))
        assert backbone.weights.name in sentence
        assert f"{backbone.weights.size_bytes / 1e6:.0f} MB" in sentence


def test_a_file_with_other_weights_is_refused(tmp_path):
    model = build_net("mobilenet_v2", (28, 28), 10)
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    path = tmp_path / MOBILENET_V2.weights.other_names[0]
    other.save_weights(path)
    with pytest.raises(ConfigError, match="does not hold the weights of MobileNetV2"):
        load_imagenet_weights(model, MOBILENET_V2, path)
    path.write_bytes(b"damaged")
    with pytest.raises(ConfigError, match="does not hold the weights of MobileNetV2"):
        load_imagenet_weights(model, MOBILENET_V2, path)


@pytest.mark.parametrize(
    "backbone", [VGG16, RESNET50, INCEPTION_V3, MOBILENET_V2], ids=lambda each: each.id
)
def test_a_file_in_the_form_of_keras_downloads_is_loaded(backbone, tmp_path):
    """Keras publishes them in its older HDF5 format, which it can still write."""
    options = {} if backbone.alpha is None else {"alpha": backbone.alpha}
    keras.utils.set_random_seed(5)
    published = getattr(keras.applications, backbone.id)(
        include_top=False, weights=None, input_shape=(224, 224, 3), **options
    )
    path = tmp_path / backbone.weights.name
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, published)
    net = next(one.id for one in NETS.values() if one.backbone is backbone)
    model = build_net(net, (28, 28), 10)
    load_imagenet_weights(model, backbone, path)
    loaded = model.get_layer(get_base_name(backbone)).get_weights()
    assert are_equal(loaded, published.get_weights())


def test_features_are_computed_once(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLAB_CACHE", str(tmp_path))
    model = build_net("simple_cnn", (28, 28), 10)
    base, head = split_model(model)
    images = np.random.default_rng(0).integers(0, 256, (200, 28, 28, 1), dtype=np.uint8)
    calls = []
    features = compute_features(base, images, lambda done, total: calls.append((done, total)))
    assert calls == [(0, 200), (128, 200)]
    again = compute_features(base, images, lambda *_: pytest.fail("computed again"))
    assert np.array_equal(features, again)
    expected = model.predict(images, verbose=0)
    assert head.predict(features, verbose=0) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"init_from": "imagenet", "net": "simple_cnn"}, "which has no ImageNet weights"),
        ({"frozen_epochs": 1}, "random weights would be frozen"),
        ({"frozen_epochs": 1, "init_from": "simple_cnn", "net": "mlp"}, "no convolutions"),
        ({"frozen_epochs": 9, "init_from": "simple_cnn"}, "at most epochs"),
    ],
)
def test_contradictory_settings_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        TrainConfig(**changes)


def test_which_networks_have_imagenet_weights():
    assert [net for net, spec in NETS.items() if spec.backbone] == [
        "vgg16", "resnet50", "inception_v3", "mobilenet_v2",
    ]  # fmt: skip
