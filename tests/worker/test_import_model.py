"""Models made elsewhere: imported by the real command and process; what is refused, and why."""

import json
import pickle
import shutil
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from digitlab.cli.main import main
from digitlab.datasets.sample import load_sample
from digitlab.errors import ConfigError, ModelStoreError
from digitlab.model_store.formats import KERAS, TFLITE
from digitlab.model_store.imports import start_model_import
from digitlab.model_store.store import get_model, list_models
from digitlab.worker.imported_files import HDF5, check_h5_file, check_keras_file, identify_format
from digitlab.worker.imported_graph import ImportedGraph
from tests import tutorial_models
from tests.conftest import PROJECT_DIR
from tests.worker.workers import wait_until


@pytest.fixture
def expected():
    """What the shipped model, from which the imported ones are made, answers."""
    return get_model("simple_cnn").open_reader().compute_outputs(load_sample()["x_test"])


def run_import(capsys, path, *options):
    """Import by the command line; the model, and what was printed."""
    assert main(["import-model", str(path), *options]) == 0
    printed = capsys.readouterr().out
    [model] = [model for model in list_models() if model.imported is not None]
    return model, printed


class TestImport:
    def test_the_h5_of_a_tutorial_answers_as_it_did_there(self, tmp_path, capsys, expected):
        tutorial_models.write_h5(tmp_path / "mnist_cnn.h5")
        model, printed = run_import(capsys, tmp_path / "mnist_cnn.h5")
        assert "It takes pixels from 0 to 1" in printed
        assert "Tested on the 1,000 test digits of the offline sample only." in printed
        assert f"mnist_cnn: accuracy {model.accuracy:.4f} on 1,000 test images" in printed
        outputs = model.open_reader().compute_outputs(load_sample()["x_test"])
        assert np.abs(outputs - expected).max() < 1e-5
        assert set(model.card["files"]) == {"model.keras", "model.tflite"}
        assert model.imported["file_name"] == "mnist_cnn.h5"
        assert model.card["n_parameters"] == get_model("simple_cnn").card["n_parameters"]
        assert not list((tmp_path / "cache").glob("model-imports/*"))
        # How it was trained is unknown.
        with pytest.raises(ConfigError, match="was imported"):
            model.read_config()
        assert main(["code", model.id]) == 1
        assert "was imported" in capsys.readouterr().err
        assert main(["train", "--init-from", model.id, "--epochs", "1"]) == 1
        assert "was imported" in capsys.readouterr().err

    def test_flat_input_and_logits_are_adapted_and_exported(self, tmp_path, capsys, expected):
        tutorial_models.write_flat_keras(tmp_path / "flat.keras")
        model, printed = run_import(capsys, tmp_path / "flat.keras", "--name", "Flat one")
        assert model.label == "Flat one"
        assert "Its outputs are logits; a softmax was added." in printed
        images = load_sample()["x_test"]
        loaded = keras.saving.load_model(model.directory / KERAS.file_name)
        outputs = loaded(images[..., None].astype(np.float32)).numpy()
        assert np.abs(outputs - expected).max() < 1e-5
        assert np.abs(model.open_reader().compute_outputs(images) - expected).max() < 1e-5

    def test_an_8_bit_tflite_is_read_and_has_no_other_format(self, tmp_path, capsys, expected):
        tutorial_models.write_int8_tflite(tmp_path / "int8.tflite")
        model, _ = run_import(capsys, tmp_path / "int8.tflite", "--dataset", "mnist")
        outputs = model.open_reader().compute_outputs(load_sample()["x_test"])
        assert (outputs.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.99
        assert set(model.card["files"]) == {"model.tflite"}
        assert main(["export", model.id]) == 1
        assert "cannot be converted" in capsys.readouterr().err

    def test_a_model_with_no_digit_keeps_that_class(self, tmp_path, capsys):
        shipped = get_model("digitlab_cnn")
        shutil.copyfile(shipped.directory / TFLITE.file_name, tmp_path / "mine.tflite")
        model, printed = run_import(capsys, tmp_path / "mine.tflite")
        assert "It takes pixels from 0 to 255." in printed
        assert model.card["no_digit_threshold"] == shipped.card["no_digit_threshold"]
        images = np.concatenate([load_sample()["x_test"][:9], np.full((1, 28, 28), 255, np.uint8)])
        digits, no_digit = model.open_reader().compute_readings(images)
        expected, expected_no_digit = shipped.open_reader().compute_readings(images)
        assert np.abs(digits - expected).max() < 1e-5
        assert np.abs(no_digit - expected_no_digit).max() < 1e-5
        assert no_digit[-1] > 0.4

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            (["--dataset", "cifar10"], "CIFAR-10 photos does not fit"),
            (["--name", "Simple CNN"], "already a model named"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, tmp_path, capsys, options, reason):
        shutil.copyfile(
            get_model("simple_cnn").directory / TFLITE.file_name, tmp_path / "mine.tflite"
        )
        assert main(["import-model", str(tmp_path / "mine.tflite"), *options]) == 1
        assert reason in capsys.readouterr().err

    def test_a_folder_and_a_missing_file_are_refused(self, tmp_path, capsys):
        assert main(["import-model", str(tmp_path)]) == 1
        assert "TFLiteConverter.from_saved_model" in capsys.readouterr().err
        assert main(["import-model", str(tmp_path / "no.h5")]) == 1
        assert "cannot be read" in capsys.readouterr().err

    def test_a_process_that_is_ended_leaves_a_reason(self):
        content = (get_model("simple_cnn").directory / KERAS.file_name).read_bytes()
        job = start_model_import(content, "mine.keras")
        job.read_status().process.terminate()
        wait_until(lambda: job.inspect().is_final)
        assert "3 GB of memory and 10 minutes" in job.inspect().message
        assert list_models() == [get_model("digitlab_cnn"), get_model("simple_cnn")]


def write_zip(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)


class TestRefusedFiles:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (pickle.dumps(print), "Python pickle"),
            (b"nonsense", "not a .keras, .h5 or .tflite"),
            (b"", "not a .keras, .h5 or .tflite"),
            (b"PK\x03\x04 no zip", "damaged"),
        ],
    )
    def test_other_formats(self, tmp_path, content, reason):
        (tmp_path / "upload").write_bytes(content)
        with pytest.raises(ModelStoreError, match=reason):
            identify_format(tmp_path / "upload")

    @pytest.mark.parametrize(
        ("members", "reason"),
        [
            ({"model/saved_model.pb": b""}, "TFLiteConverter.from_saved_model"),
            ({"archive/data.pkl": b""}, "PyTorch"),
            ({"a.txt": b""}, "not a .keras file"),
        ],
    )
    def test_other_zips(self, tmp_path, members, reason):
        write_zip(tmp_path / "upload", **members)
        with pytest.raises(ModelStoreError, match=reason):
            identify_format(tmp_path / "upload")

    def test_layers_with_code(self, tmp_path):
        @keras.saving.register_keras_serializable("mine")
        class Mine(keras.layers.Layer):
            pass

        for layer, reason in (
            (keras.layers.Lambda(lambda x: x), "Lambda layer, which contains code"),
            (Mine(), "not part of Keras"),
        ):
            model = keras.Sequential([keras.Input((28, 28, 1)), layer])
            model.save(tmp_path / "a.keras")
            model.save(tmp_path / "a.h5")
            assert identify_format(tmp_path / "a.keras") == KERAS
            assert identify_format(tmp_path / "a.h5") == HDF5
            with pytest.raises(ModelStoreError, match=reason):
                check_keras_file(tmp_path / "a.keras")
            with pytest.raises(ModelStoreError, match=reason):
                check_h5_file(tmp_path / "a.h5")

    @pytest.mark.parametrize(
        "node",
        [
            {"module": "subprocess", "class_name": "Popen", "config": {}},
            {"module": "keras.utils", "class_name": "function", "config": "get_file"},
            {"module": "builtins", "class_name": "eval", "config": "1"},
            {"class_name": "__lambda__", "config": {}},
        ],
    )
    def test_classes_and_functions_from_elsewhere_at_any_depth(self, tmp_path, node):
        write_zip(
            tmp_path / "a.keras",
            config__json=json.dumps({"config": {"layers": [{"config": {"activation": node}}]}}),
            model__weights__h5=b"",
        )
        with pytest.raises(ModelStoreError, match=r"not part of Keras|code of its own"):
            check_keras_file(tmp_path / "a.keras")

    @pytest.mark.parametrize(
        ("config", "weights", "reason"),
        [
            ("{}", bytes(401_000_000), "claims more than 400 MB"),
            (" " * 6_000_000, b"", "claims more than 400 MB"),
            ("{", b"", "description of the layers is damaged"),
            ("[" * 100_000, b"", "description of the layers is damaged"),
            ("{}", b"\x89HDF\r\n\x1a\n nothing", "weights or layers in this file are damaged"),
        ],
    )
    def test_large_and_damaged_keras_files(self, tmp_path, config, weights, reason):
        write_zip(tmp_path / "a.keras", config__json=config, model__weights__h5=weights)
        with pytest.raises(ModelStoreError, match=reason):
            check_keras_file(tmp_path / "a.keras")

    @pytest.mark.parametrize(
        ("write", "reason"),
        [
            (lambda file: None, "has weights but no layers"),
            (lambda file: file.attrs.update(model_config=np.void(b"\x80")), "is damaged"),
            (
                lambda file: file.create_dataset("w", (750_000_000,), "f4", chunks=(1000,)),
                "claims more than 400 MB",
            ),
            (
                lambda file: file.update(w=h5py.ExternalLink("/etc/passwd", "/")),
                "links to other files",
            ),
            (
                lambda file: file.create_dataset(
                    "w", (4,), "f4", external=[("/etc/passwd", 0, 16)]
                ),
                "takes weights from other files",
            ),
        ],
    )
    def test_large_and_strange_h5_files(self, tmp_path, write, reason):
        with h5py.File(tmp_path / "a.h5", "w") as file:
            write(file)
        with pytest.raises(ModelStoreError, match=reason):
            check_h5_file(tmp_path / "a.h5")

    def test_half_of_an_h5_file(self, tmp_path):
        tutorial_models.write_h5(tmp_path / "a.h5")
        content = (tmp_path / "a.h5").read_bytes()
        (tmp_path / "a.h5").write_bytes(content[: len(content) // 2])
        with pytest.raises(ModelStoreError, match="are damaged"):
            check_h5_file(tmp_path / "a.h5")

    @pytest.mark.parametrize("part", [slice(0, 2000), slice(400_000, None)])
    def test_part_of_a_tflite_file(self, part):
        content = get_model("simple_cnn").read_content()
        with pytest.raises(ModelStoreError, match="is damaged"):
            ImportedGraph(content[:8] + content[8:][part])

    def test_tflite_with_operators_of_tensorflow(self):
        @tf.function(input_signature=[tf.TensorSpec([None, 28, 28], tf.float32)])
        def classify(images):
            return tf.linalg.det(images)[:, None] * tf.ones([1, 10])

        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [classify.get_concrete_function()]
        )
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS
        ]  # fmt: skip
        with pytest.raises(ModelStoreError, match="Select TF ops"):
            ImportedGraph(converter.convert())

    def test_tflite_with_two_inputs_or_no_classes(self):
        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)] * 2)
        def add(first, second):
            return first + second

        @tf.function(input_signature=[tf.TensorSpec([None, 28, 28], tf.float32)])
        def scale(images):
            return images * 2

        for function, reason in ((add, "one input and one output"), (scale, "for each class")):
            converter = tf.lite.TFLiteConverter.from_concrete_functions(
                [function.get_concrete_function()]
            )
            with pytest.raises(ModelStoreError, match=reason):
                ImportedGraph(converter.convert())


LIMITS_SCRIPT = """
import socket, subprocess
from digitlab.worker.process_limits import limit_process
limit_process(memory_bytes=500_000_000, minutes=1)
for attempt in (
    lambda: bytearray(800_000_000),
    lambda: socket.create_connection(("127.0.0.1", 9)),
    lambda: subprocess.run(["true"]),
):
    try:
        print(attempt())
    except (MemoryError, PermissionError) as error:
        print(type(error).__name__)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_memory_network_and_other_programs_are_limited():
    done = subprocess.run(
        [sys.executable, "-c", LIMITS_SCRIPT],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["MemoryError", "PermissionError", "PermissionError"]
