"""A person's own test set, and what strangers' zips may hold."""

import io
import json
import os
import struct
import warnings
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets.loading import load_sample
from digitlab.errors import UserTestSetError
from digitlab.evaluation import user_test_set
from digitlab.evaluation.report import evaluate_images
from digitlab.evaluation.user_test_set import (
    label_drawings,
    pack_labelled_zip,
    read_labelled_folder,
    read_labelled_zip,
)
from digitlab.model_store.store import get_model


@pytest.fixture(scope="module")
def pngs():
    """Twenty real digits as PNG files: label and bytes."""
    sample = load_sample()
    found = []
    for image, label in zip(sample["x_test"][::50], sample["y_test"][::50], strict=True):
        file = io.BytesIO()
        Image.fromarray(255 - image).resize((140, 140)).save(file, "PNG")
        found.append((int(label), file.getvalue()))
    return found


def pack(files):
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # the same name twice
        for name, content in files:
            archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture(autouse=True)
def nothing_is_written(tmp_path, monkeypatch):
    """Whatever a zip says, neither the current folder nor its parents change."""
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    yield
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")} <= {"a", "a/b"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_left_out(pngs, method):
    """Python unpacks their blocks whole, so that a small file could fill the memory."""
    content = io.BytesIO(pack([("7/good.png", pngs[0][1])]))
    with zipfile.ZipFile(content, "a", method) as archive:
        archive.writestr("8/bomb.png", bytes(50_000_000))
    damaged = bytearray(content.getvalue().replace(
        struct.pack("<I", 50_000_000), struct.pack("<I", 1000)))  # fmt: skip
    own = read_labelled_zip(bytes(damaged))
    assert own.labels.tolist() == [7]
    assert own.skipped == {"packed in a way that is not read here": 1}


def test_a_zip_of_a_later_kind_is_refused(pngs):
    content = bytearray(pack([("7/good.png", pngs[0][1])]))
    place = content.index(b"PK\x01\x02") + 6  # the version that is needed
    content[place] = 99
    with pytest.raises(UserTestSetError, match="no zip that can be read"):
        read_labelled_zip(bytes(content))


def test_digits_can_be_taken_away_and_read_again(pngs):
    own = read_labelled_zip(
        pack([(f"{label}/{k}.png", png) for k, (label, png) in enumerate(pngs)])
    )
    again = read_labelled_zip(pack_labelled_zip(own))
    assert sorted(again.labels) == sorted(own.labels)
    answers = [
        get_model("digitlab_cnn").open_reader().read_many(one.images) for one in (own, again)
    ]
    said = [sorted(answer.digit for answer in one) for one in answers]
    assert said[0] == said[1]


def test_a_zip_of_digits_is_read(pngs):
    steps = []
    files = [(f"set/{label}/{k}.png", content) for k, (label, content) in enumerate(pngs)]
    own = read_labelled_zip(pack(files), progress=lambda *step: steps.append(step))
    assert own.images.shape == (20, 28, 28)
    assert own.images.dtype == np.uint8
    assert own.labels.tolist() == [label for label, _ in pngs]
    assert own.names[0] == "set/0/0.png"
    assert own.skipped == {}
    assert steps[-1] == (20, 20)
    report = evaluate_images(get_model("digitlab_cnn").open_reader(), own.images, own.labels)
    assert report.accuracy >= 0.95


def test_what_is_no_labelled_picture_is_counted(pngs):
    good = pngs[0][1]
    own = read_labelled_zip(pack([
        ("7/good.PNG", good), ("eleven/one.png", good), ("11/one.png", good), ("one.png", good),
        ("٣/arabic.png", good), ("7/notes.txt", b"hello"), ("7/broken.png", b"no picture"),
        ("__MACOSX/7/._good.png", b"x"), ("7/.DS_Store", b"x"),
        ("7/cut.png", good[:200]), ("../../7/out.png", good), ("/7/root.png", good),
        ("7\\..\\..\\7\\out.png", good), ("C:/7/drive.png", good),
    ]))  # fmt: skip
    assert own.names == ("7/good.PNG",)
    assert own.skipped == {
        "in no folder named 0 to 9": 4, "no picture file": 1, "hidden files of the system": 2,
        "not readable as a digit": 2, "a path that leads out of the zip": 4,
    }  # fmt: skip
    assert "1 file left out: no picture file." in own.describe_skipped()


def test_an_archive_without_digits_says_how_to_sort_them():
    with pytest.raises(UserTestSetError, match=r"such as 7/photo\.png") as told:
        read_labelled_zip(pack([("eleven/a.png", b""), ("readme.md", b"")]))
    assert "1 in no folder named 0 to 9" in str(told.value)


@pytest.mark.parametrize("content", [b"", b"PK", b"hello" * 100, b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_refused(content):
    with pytest.raises(UserTestSetError):
        read_labelled_zip(content)


def test_a_cut_zip_is_refused(pngs):
    whole = pack([("7/a.png", pngs[0][1])] * 3)
    for length in range(0, len(whole), 97):
        with pytest.raises(UserTestSetError):
            read_labelled_zip(whole[:length])


def test_a_hundred_thousand_files_are_refused():
    with pytest.raises(UserTestSetError, match="more than 20,000 files"):
        read_labelled_zip(pack((f"7/{k}.png", b"") for k in range(100_000)))


def test_a_directory_that_lies_about_its_length_is_refused_unread():
    """Two files by its count, a directory of gigabytes by its size."""
    whole = bytearray(pack([("7/a.png", b"a"), ("7/b.png", b"b")]))
    whole[-10:-6] = struct.pack("<I", 3_000_000_000)
    with pytest.raises(UserTestSetError, match="more than 20,000 files"):
        read_labelled_zip(bytes(whole))


def test_a_bomb_is_left_out_whatever_it_says_of_its_size(pngs):
    """A gigabyte of zeros in a megabyte; the second says it has but a thousand bytes."""
    good = ("7/good.png", pngs[0][1])
    honest = pack([good, ("7/bomb.png", bytes(100_000_000))])
    own = read_labelled_zip(honest)
    assert (own.names, own.skipped) == (("7/good.png",), {"larger than 20 MB": 1})
    lying = honest.replace(struct.pack("<I", 100_000_000), struct.pack("<I", 1000))
    assert lying != honest
    own = read_labelled_zip(lying)
    assert own.names == ("7/good.png",)
    assert sum(own.skipped.values()) == 1


def test_many_bombs_together_are_refused():
    large = bytes(19_000_000)
    with pytest.raises(UserTestSetError, match="unpacks to more than 2,000 MB"):
        read_labelled_zip(pack((f"7/{k}.png", large) for k in range(110)))


def test_a_picture_of_too_many_pixels_is_left_out(pngs):
    """A PNG of a few kilobytes that says it is 60,000 pixels wide and high."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)

    def chunk(kind, body):
        whole = kind + body
        return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0"))
    own = read_labelled_zip(pack([("7/good.png", pngs[0][1]), ("7/wide.png", bomb)]))
    assert own.skipped == {"not readable as a digit": 1}


def test_a_locked_zip_is_explained(pngs):
    locked = bytearray(pack([("7/a.png", pngs[0][1])]))
    # The flag "encrypted", in the file's own header and in the directory.
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UserTestSetError, match="locked with a password"):
        read_labelled_zip(bytes(locked))


def test_a_set_that_takes_too_long_is_cut_short(pngs, monkeypatch):
    monkeypatch.setattr(user_test_set, "MAX_SECONDS", 0)
    with pytest.raises(UserTestSetError, match="not reached within 0 minutes"):
        read_labelled_zip(pack([("7/a.png", pngs[0][1])]))


def test_drawings_with_labels():
    path = [["M", 60, 20], ["L", 60, 100]]
    stroke = {"type": "Path", "path": path, "left": 60, "top": 60, "strokeWidth": 10}
    own = label_drawings([({"objects": [stroke]}, 1), ({"objects": []}, 4)])
    assert own.labels.tolist() == [1]
    assert own.skipped == {"a drawing without ink": 1}
    json.dumps(own.skipped)


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path_factory, pngs):
        folder = tmp_path_factory.mktemp("digits")
        for k, (label, content) in enumerate(pngs):
            (folder / str(label)).mkdir(exist_ok=True)
            (folder / str(label) / f"{k}.png").write_bytes(content)
        return folder

    def test_it_is_read_like_a_zip(self, folder, pngs):
        own = read_labelled_folder(folder)
        assert sorted(own.labels) == sorted(label for label, _ in pngs)
        assert read_labelled_folder(folder / "7").labels.tolist() == [7, 7]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    def test_links_pipes_and_secrets_are_left_out(self, folder, tmp_path_factory, pngs):
        elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.png"
        elsewhere.write_bytes(pngs[0][1])
        (folder / "7" / "link.png").symlink_to(elsewhere)
        (folder / "7" / "folder").symlink_to(elsewhere.parent)
        os.mkfifo(folder / "7" / "pipe.png")
        own = read_labelled_folder(folder)
        assert len(own.labels) == 20
        assert own.skipped == {"no ordinary file": 2}

    def test_too_many_files_are_refused(self, folder, monkeypatch):
        monkeypatch.setattr(user_test_set, "MAX_FILES", 19)
        with pytest.raises(UserTestSetError, match="more than 19 files"):
            read_labelled_folder(folder)

    def test_a_missing_folder_is_told(self, folder):
        with pytest.raises(UserTestSetError, match="There is no folder"):
            read_labelled_folder(folder / "nowhere")
