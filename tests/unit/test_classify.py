import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from digitlab.cli.main import main
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import get_model
from digitlab.paths import get_user_models_dir
from tests.conftest import PROJECT_DIR, TRAINING_PACKAGES


def save_digit(path, digit, side=120):
    image = prepare_drawing(parse_drawing(build_sample_drawing(digit))).image
    Image.fromarray(255 - image).resize((side, side), Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def pictures(tmp_path):
    """A folder with a subfolder: ten digits as pictures, a drawing, and another file."""
    folder = tmp_path / "pictures"
    (folder / "below").mkdir(parents=True)
    for digit in range(10):
        save_digit(folder / ("below" if digit % 2 else ".") / f"{digit}.png", digit)
    (folder / "drawing-4.json").write_text(json.dumps(build_sample_drawing(4)))
    (folder / "notes.txt").write_text("not a picture and not named as one")
    return folder


def classify(capsys, *arguments):
    """The exit code and the parsed lines of `classify --json`."""
    code = main(["classify", "--json", *map(str, arguments)])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_folder_is_read_recursively(capsys, pictures):
    code, lines = classify(capsys, pictures)
    assert code == 0
    assert len(lines) == 11
    for line in lines:
        assert list(line) == ["file", "digit", "confidence", "no_digit", "probabilities"]
        assert str(line["digit"]) == line["file"].removesuffix(".png").removesuffix(".json")[-1]
        assert line["confidence"] == max(line["probabilities"])
        assert len(line["probabilities"]) == 10
        assert sum(line["probabilities"]) == pytest.approx(1, abs=1e-5)


def test_one_bad_file_does_not_stop_the_others(capsys, pictures):
    (pictures / "empty.png").write_bytes(b"")
    (pictures / "text.png").write_text("this is text")
    (pictures / "nan.json").write_text('{"objects": [{"type": "Path", "path": [["M", NaN, 1]]}]}')
    (pictures / "blank.json").write_text('{"objects": []}')
    (pictures / "broken.json").write_text("{")
    (pictures / "deep.json").write_text("[" * 100_000)
    Image.fromarray(np.zeros((90, 90), np.uint8)).save(pictures / "black.png")
    missing = pictures / "missing.png"
    code, lines = classify(capsys, pictures, missing)
    assert code == 1
    errors = {line["file"].rsplit("/", 1)[-1]: line for line in lines if "error" in line}
    assert set(errors) == {
        "empty.png", "text.png", "nan.json", "blank.json", "broken.json", "deep.json",
        "black.png", "missing.png",
    }  # fmt: skip
    for line in errors.values():
        assert list(line) == ["file", "digit", "error"]
        assert line["digit"] is None
        assert line["error"].endswith(".")
        assert "Traceback" not in line["error"]
    assert len(lines) - len(errors) == 11


def test_text_output(capsys, pictures):
    assert main(["classify", str(pictures / "7.png"), str(pictures / "below" / "7.png")]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert "No such file" in first
    assert "7.png: 7  sure (" in second


def test_a_folder_without_pictures_is_an_error(capsys, tmp_path):
    assert main(["classify", str(tmp_path)]) == 1
    assert "No pictures" in capsys.readouterr().err


def test_an_unknown_model_is_an_error(capsys, pictures):
    assert main(["classify", "--model", "resnet", str(pictures)]) == 1
    assert "There is no model 'resnet'" in capsys.readouterr().err


def test_models_lists_all_models(capsys):
    assert main(["models"]) == 0
    table = capsys.readouterr().out
    assert main(["models", "--json"]) == 0
    cards = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [card["id"] for card in cards] == ["digitlab_cnn", "simple_cnn"]
    lines = [line for line in table.splitlines() if not line.startswith(" ")]
    for card, line in zip(cards, lines, strict=True):
        assert line.startswith(card["id"])
        assert f"{card['test']['accuracy']:.2%}" in line


def test_classify_needs_no_training_packages(pictures):
    """In a process in which imports of TensorFlow, Streamlit and others fail."""
    blocked = (*TRAINING_PACKAGES, "streamlit", "pandas", "plotly")
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked!r})); "
        "from digitlab.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "classify", "--json", str(pictures)],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 11


def test_a_closed_pipe_prints_no_traceback(pictures):
    done = subprocess.run(
        # More output than a pipe buffers.
        f"{sys.executable} -m digitlab classify --json {f'{pictures} ' * 60} | head -n 1",
        cwd=PROJECT_DIR, shell=True, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_special_files_do_not_stop_the_others(pictures):
    """A named pipe, an endless device, a link loop, and names that cannot be printed."""
    os.mkfifo(pictures / "pipe.png")
    (pictures / "endless.json").symlink_to("/dev/zero")
    (pictures / "loop").symlink_to(pictures)
    too_long = "x" * 300 + ".png"
    shutil.copy(pictures / "6.png", os.fsencode(pictures) + b"/\xff\xfe6.png")
    done = subprocess.run(
        [sys.executable, "-m", "digitlab", "classify", "--json", str(pictures), too_long],
        cwd=PROJECT_DIR, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 15
    assert [line["file"].rsplit("/", 1)[-1] for line in lines if "error" in line] == [
        "endless.json", "pipe.png", too_long,
    ]  # fmt: skip


def test_a_model_of_other_images_is_rejected(capsys, pictures):
    model = get_model("simple_cnn")
    directory = get_user_models_dir() / "clothes"
    shutil.copytree(model.directory, directory)
    card = {**model.card, "data": {**model.card["data"], "dataset": "fashion_mnist"}}
    (directory / "card.json").write_text(json.dumps(card))
    assert main(["classify", "--model", "clothes", str(pictures)]) == 1
    assert "was not trained on digits" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "package"),
    [("train", "tensorflow"), ("evaluate", "pooch")],
)
def test_a_command_names_its_missing_packages(command, package):
    program = (
        "import sys, importlib.util as u; find = u.find_spec; "
        f"u.find_spec = lambda name, *a: None if name == {package!r} else find(name, *a); "
        "from digitlab.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, command],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"`{command}` needs packages" in done.stderr
    assert f"not installed: {package}. Run `make install`" in done.stderr
    assert "Traceback" not in done.stderr
