"""User test sets from zips, folders and drawings."""

import json
import os

import numpy as np
import pytest

from digitlab.errors import LabelledFilesError
from digitlab.evaluation.report import evaluate_images
from digitlab.evaluation.user_test_set import (
    label_drawings,
    pack_labelled_zip,
    read_labelled_folder,
    read_labelled_zip,
)
from digitlab.inference import labelled_files
from digitlab.model_store.store import get_model
from tests.unit.user_zip import build_pngs, pack


@pytest.fixture(scope="module")
def pngs():
    return build_pngs()


def test_a_packed_test_set_can_be_read_again(pngs):
    test_set = read_labelled_zip(
        pack([(f"{label}/{k}.png", png) for k, (label, png) in enumerate(pngs)])
    )
    again = read_labelled_zip(pack_labelled_zip(test_set))
    assert sorted(again.labels) == sorted(test_set.labels)
    answers = [
        get_model("digitlab_cnn").open_reader().read_many(one.images) for one in (test_set, again)
    ]
    digits = [sorted(answer.digit for answer in one) for one in answers]
    assert digits[0] == digits[1]


def test_a_zip_of_digits_is_read(pngs):
    steps = []
    files = [(f"set/{label}/{k}.png", content) for k, (label, content) in enumerate(pngs)]
    test_set = read_labelled_zip(pack(files), progress=lambda *step: steps.append(step))
    assert test_set.images.shape == (20, 28, 28)
    assert test_set.images.dtype == np.uint8
    assert test_set.labels.tolist() == [label for label, _ in pngs]
    assert test_set.names[0] == "set/0/0.png"
    assert test_set.skipped == {}
    assert steps[-1] == (20, 20)
    report = evaluate_images(
        get_model("digitlab_cnn").open_reader(), test_set.images, test_set.labels
    )
    assert report.accuracy >= 0.95


def test_a_zip_without_digits_explains_how_to_sort_them():
    with pytest.raises(LabelledFilesError, match=r"such as 7/photo\.png") as raised:
        read_labelled_zip(pack([("eleven/a.png", b""), ("readme.md", b"")]))
    assert "1 not in a folder named 0 to 9" in str(raised.value)


def test_reading_stops_at_the_time_limit(pngs, monkeypatch):
    monkeypatch.setattr(labelled_files, "MAX_SECONDS", 0)
    with pytest.raises(LabelledFilesError, match="not read within 0 s"):
        read_labelled_zip(pack([("7/a.png", pngs[0][1])]))


def test_drawings_become_a_test_set():
    path = [["M", 60, 20], ["L", 60, 100]]
    stroke = {"type": "Path", "path": path, "left": 60, "top": 60, "strokeWidth": 10}
    test_set = label_drawings([({"objects": [stroke]}, 1), ({"objects": []}, 4)])
    assert test_set.labels.tolist() == [1]
    assert test_set.skipped == {"drawing without ink": 1}
    json.dumps(test_set.skipped)


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path_factory, pngs):
        folder = tmp_path_factory.mktemp("digits")
        for k, (label, content) in enumerate(pngs):
            (folder / str(label)).mkdir(exist_ok=True)
            (folder / str(label) / f"{k}.png").write_bytes(content)
        return folder

    def test_a_folder_is_read_like_a_zip(self, folder, pngs):
        test_set = read_labelled_folder(folder)
        assert sorted(test_set.labels) == sorted(label for label, _ in pngs)
        assert read_labelled_folder(folder / "7").labels.tolist() == [7, 7]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    def test_links_and_pipes_are_skipped(self, folder, tmp_path_factory, pngs):
        elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.png"
        elsewhere.write_bytes(pngs[0][1])
        (folder / "7" / "link.png").symlink_to(elsewhere)
        (folder / "7" / "folder").symlink_to(elsewhere.parent)
        os.mkfifo(folder / "7" / "pipe.png")
        test_set = read_labelled_folder(folder)
        assert len(test_set.labels) == 20
        assert test_set.skipped == {"not a regular file": 2}

    def test_too_many_files_are_rejected(self, folder, monkeypatch):
        monkeypatch.setattr(labelled_files, "MAX_FILES", 19)
        with pytest.raises(LabelledFilesError, match="more than 19 files"):
            read_labelled_folder(folder)

    def test_a_missing_folder_is_reported(self, folder):
        with pytest.raises(LabelledFilesError, match="There is no folder"):
            read_labelled_folder(folder / "nowhere")
