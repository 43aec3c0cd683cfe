import io
import json
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from digitlab.cli.main import main
from digitlab.datasets.registry import DATASETS
from digitlab.datasets.sample import load_sample
from digitlab.evaluation.results_cache import load_feature_map, load_report, load_robustness
from digitlab.files import write_json
from tests.unit.sample_model import save_sample_model


@pytest.fixture
def digits(tmp_path):
    """A folder of twenty labelled images, and the same images as a zip."""
    sample = load_sample()
    folder = tmp_path / "my digits"
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for k in range(0, 1000, 50):
            file = io.BytesIO()
            Image.fromarray(255 - sample["x_test"][k]).resize((112, 112)).save(file, "PNG")
            name = f"{sample['y_test'][k]}/{k}.png"
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(file.getvalue())
            archive.writestr(name, file.getvalue())
        archive.writestr("eleven/0.png", b"")
    return folder, tmp_path / "mine.zip"


def evaluate(capsys, *arguments):
    code = main(["evaluate", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out, err


def test_a_folder_and_a_zip_have_the_same_results(capsys, digits):
    folder, archive = digits
    from_folder = json.loads(evaluate(capsys, "--data", folder, "--json")[0])
    from_zip = json.loads(evaluate(capsys, "--data", archive, "--json")[0])
    assert from_folder["n"] == from_zip["n"] == 20
    assert from_folder["confusion"] == from_zip["confusion"]
    assert from_folder["accuracy"] >= 0.95
    assert from_zip["notes"] == ["1 file skipped: not in a folder named 0 to 9."]
    text = evaluate(capsys, "--data", archive)[0]
    assert "20 labelled pictures in" in text


def test_reports_are_written_to_files(capsys, digits, tmp_path):
    out = tmp_path / "report.html"
    text, _ = evaluate(capsys, "--data", digits[1], "--out", out)
    assert f"Report: {out}" in text
    page = out.read_text("utf-8")
    assert "on labelled pictures in" in page
    # One file: it loads nothing and runs no script.
    assert not re.findall(r"(?:src|href)=\"(?!data:)|<script|@import|url\(", page)
    out = tmp_path / "report.json"
    evaluate(capsys, "--data", digits[1], "--out", out)
    values = json.loads(out.read_text("utf-8"))
    assert values["n"] == sum(map(sum, values["confusion"])) == 20
    assert values["subject"]["latency_ms"] > 0


def test_full_evaluation_is_stored_with_the_model(capsys, tmp_path):
    model = save_sample_model()
    text, err = evaluate(capsys, "--model", model.id, "--full", "--out", tmp_path / "full.html")
    assert "features: 5,000 of 5,000" in err
    report, robustness = load_report(model), load_robustness(model)
    assert report.feature_analysis is not None
    assert robustness is not None
    assert robustness.n == 1000
    assert load_feature_map(model, report, "tsne").shape == (1000, 2)
    assert f"{report.accuracy:.4f}" in text
    page = (tmp_path / "full.html").read_text("utf-8")
    assert "<h2>Robustness</h2>" in page
    assert page.count("data:image/png") == min(60, int((~report.is_correct).sum()))
    assert not list(model.directory.glob(".new-*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "report.pdf"], "must end in .html or .json"),
        (["--full", "--data", "mnist"], "omit --data"),
        (["--data", "no/such/folder"], "no/such/folder"),
        (["--full"], "is only the offline sample"),
    ],
)
def test_impossible_options_are_explained(capsys, arguments, message):
    assert main(["evaluate", *arguments]) == 1
    assert message in capsys.readouterr().err


def test_absent_classes_do_not_lower_the_macro_average(capsys, tmp_path):
    """A user test set of 3s and 7s."""
    sample = load_sample()
    for k in np.flatnonzero(np.isin(sample["y_test"], (3, 7)))[::10]:
        path = tmp_path / "mine" / str(sample["y_test"][k]) / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - sample["x_test"][k]).resize((112, 112)).save(path)
    text, _ = evaluate(capsys, "--data", tmp_path / "mine")
    assert "the mean over the classes that are present" in text
    values = json.loads(evaluate(capsys, "--data", tmp_path / "mine", "--json")[0])
    assert values["macro"]["recall"] == values["accuracy"] == 1


def test_a_damaged_robustness_file_is_noted_and_left_out_of_the_report(capsys, tmp_path):
    model = save_sample_model()
    (model.directory / "robustness.json").write_text("[]")
    out = tmp_path / "report.html"
    _, err = evaluate(capsys, "--model", model.id, "--out", out)
    assert "robustness of sample_model is damaged" in err
    page = out.read_text("utf-8")
    assert "Confusion matrix" in page
    assert "<h2>Robustness" not in page


def test_a_report_on_the_offline_sample_says_so_in_its_title(capsys, tmp_path):
    out = tmp_path / "report.html"
    evaluate(capsys, "--model", save_sample_model().id, "--out", out)
    title = re.search("<h1>(.*?)</h1>", out.read_text("utf-8"))[1]
    assert "the offline sample of MNIST" in title


@pytest.mark.parametrize(
    ("dataset_id", "is_warned"),
    [("mnist", True), ("handwriting", True), ("other_digits", False), ("unknown", False)],
)
def test_only_a_model_of_mnist_is_said_to_know_the_sample(
    capsys, monkeypatch, dataset_id, is_warned
):
    """The offline sample is a part of MNIST, which other digit data sets do not contain."""
    monkeypatch.setitem(DATASETS, "other_digits", replace(DATASETS["mnist"], id="other_digits"))
    model = save_sample_model()
    data = model.card["data"] | {"is_sample": False, "dataset": dataset_id}
    config = model.card["config"] | {"exclude_sample": False}
    write_json(model.directory / "card.json", model.card | {"data": data, "config": config})
    _, err = evaluate(capsys, "--model", model.id, "--data", "mnist")
    assert ("was trained on digits of this sample" in err) == is_warned
