"""Models in all formats, each run by its own runtime, in the process that makes them."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from digitlab.cli.main import main
from digitlab.evaluation.exports import find_export, load_exports
from digitlab.model_store.formats import MODEL_FORMATS
from digitlab.model_store.store import get_model

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HAS_ONNX = all(importlib.util.find_spec(name) for name in ("tf2onnx", "onnxruntime"))
FLOAT32 = ("keras", "tflite", "h5", "saved_model", "onnx")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The folder with all files of the simple CNN, and what was measured."""
    folder = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITLAB_CACHE", str(folder / "cache"))
        assert main(["export", "simple_cnn", "-o", str(folder / "files")]) == 0
        model = get_model("simple_cnn")
        assert all(find_export(model, each) for each in MODEL_FORMATS if each.id != "onnx")
        return folder / "files", load_exports(model)


def test_every_format_gives_the_answers_of_the_original(exported):
    files, measured = exported
    assert list(measured) == [each.id for each in MODEL_FORMATS]
    for each in MODEL_FORMATS:
        one = measured[each.id]
        if each.id == "onnx" and not HAS_ONNX:
            assert "tf2onnx is not installed" in one.note
            continue
        path = files / each.get_download_name("simple_cnn")
        assert (one.note, one.n_bytes) == ("", path.stat().st_size)
        assert one.latency_ms > 0
        assert one.agreement > 0.995
        assert one.max_difference <= (1e-4 if each.id in FLOAT32 else 0.2)
        # Within 0.2 points of the original.
        assert one.accuracy == pytest.approx(measured["keras"].accuracy, abs=0.002)
    assert measured["tflite_int8"].n_bytes < 0.3 * measured["tflite"].n_bytes


# Each example, and a file that it runs; a SavedModel is unzipped first.
RUNS = (
    ("keras_model.py", "simple_cnn.keras"),
    ("keras_model.py", "simple_cnn.h5"),
    ("saved_model.py", "simple_cnn.savedmodel.zip"),
    ("litert.py", "simple_cnn.tflite"),
    ("litert.py", "simple_cnn.float16.tflite"),
    ("litert.py", "simple_cnn.dynamic.tflite"),
    ("litert.py", "simple_cnn.int8.tflite"),
    ("onnx_runtime.py", "simple_cnn.onnx"),
)


@pytest.mark.integration
@pytest.mark.parametrize(("example", "name"), RUNS)
def test_the_examples_read_a_digit_without_digitlab(example, name, exported, tmp_path):
    if name.endswith(".onnx") and not HAS_ONNX:
        pytest.skip("tf2onnx and onnxruntime are not installed")
    path = exported[0] / name
    if path.suffix == ".zip":
        shutil.unpack_archive(path, tmp_path)
        path = tmp_path / "model"
    done = subprocess.run(
        [sys.executable, "-I", str(EXAMPLES / example), str(path), str(EXAMPLES / "seven.png")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[0] == "7"
