import io
import json
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from digitlab.cli.main import main
from digitlab.datasets.loading import load_sample
from digitlab.evaluation.results_cache import load_report, load_robustness
from digitlab.evaluation.robustness import Robustness, RobustnessPoint
from digitlab.model_store.store import get_model
from digitlab.reports.document import Subject, render_html, to_json
from tests.unit.sample_model import shelve_sample_model


@pytest.fixture
def digits(tmp_path):
    """A folder of twenty labelled pictures, and the same as a zip."""
    sample = load_sample()
    folder = tmp_path / "own digits"
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as archive:
        for k in range(0, 1000, 50):
            file = io.BytesIO()
            Image.fromarray(255 - sample["x_test"][k]).resize((112, 112)).save(file, "PNG")
            name = f"{sample['y_test'][k]}/{k}.png"
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(file.getvalue())
            archive.writestr(name, file.getvalue())
        archive.writestr("eleven/0.png", b"")
    return folder, tmp_path / "own.zip"


def evaluate(capsys, *arguments):
    code = main(["evaluate", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out, err


def test_a_folder_and_a_zip_give_the_same(capsys, digits):
    folder, archive = digits
    from_folder = json.loads(evaluate(capsys, "--data", folder, "--json")[0])
    from_zip = json.loads(evaluate(capsys, "--data", archive, "--json")[0])
    assert from_folder["n"] == from_zip["n"] == 20
    assert from_folder["confusion"] == from_zip["confusion"]
    assert from_folder["accuracy"] >= 0.95
    assert from_zip["notes"] == ["1 file skipped: not in a folder named 0 to 9."]
    text = evaluate(capsys, "--data", archive)[0]
    assert "20 labelled pictures in" in text


def test_reports_as_files(capsys, digits, tmp_path):
    out = tmp_path / "report.html"
    text, _ = evaluate(capsys, "--data", digits[1], "--out", out)
    assert f"Report: {out}" in text
    page = out.read_text("utf-8")
    assert "on labelled pictures in" in page
    # One file: nothing is loaded from elsewhere, nothing is run.
    assert not re.findall(r"(?:src|href)=\"(?!data:)|<script|@import|url\(", page)
    out = tmp_path / "report.json"
    evaluate(capsys, "--data", digits[1], "--out", out)
    values = json.loads(out.read_text("utf-8"))
    assert values["n"] == sum(map(sum, values["confusion"])) == 20
    assert values["subject"]["latency_ms"] > 0


def test_everything_is_kept_with_the_model(capsys, tmp_path):
    model = shelve_sample_model()
    text, err = evaluate(capsys, "--model", model.id, "--full", "--out", tmp_path / "full.html")
    assert "features: 5,000 of 5,000" in err
    report, robustness = load_report(model), load_robustness(model)
    assert report.feature_analysis is not None
    assert robustness is not None
    assert robustness.n == 1000
    assert f"{report.accuracy:.4f}" in text
    page = (tmp_path / "full.html").read_text("utf-8")
    assert "As digits get harder to read" in page
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
def test_what_cannot_be_is_explained(capsys, arguments, message):
    assert main(["evaluate", *arguments]) == 1
    assert message in capsys.readouterr().err


def test_a_file_of_the_shipped_report_holds_its_figures():
    model = get_model("digitlab_cnn")
    report = load_report(model)
    subject = Subject(model.label, "<b>MNIST</b>", 1_000_000, 0.04, ("A note.",), licence="free")
    curve = (RobustnessPoint(0, 0.99, 0.98, 1, 0), RobustnessPoint(1, 0.5, 0.4, 0.6, 0.1))
    robustness = Robustness(100, {"blur": curve})
    images = np.zeros((10_000, 28, 28), np.uint8)
    page = render_html(subject, report, images=images, robustness=robustness)
    assert "<b>MNIST" not in page
    assert "&lt;b&gt;MNIST" in page
    assert f"{report.accuracy:.2%}" in page
    assert "A note." in page
    assert "Pictures: free." in page
    values = json.loads(json.dumps(to_json(subject, report, robustness), allow_nan=False))
    assert values["confusion"] == report.metrics["confusion"]
    assert len(values["mistakes"]) == (~report.is_correct).sum()
    assert sum(row["count"] for row in values["confusions"]) == len(values["mistakes"])
    assert values["robustness"] == robustness.to_json()
