"""Zip archives from untrusted sources: limits of size, memory and time."""

import io
import os
import struct
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from digitlab.errors import LabelledFilesError
from digitlab.evaluation import user_test_set
from digitlab.evaluation.user_test_set import (
    read_labelled_zip,
)
from digitlab.paths import PROJECT_DIR
from digitlab.zip_safety import MAX_ARCHIVE_BYTES, MAX_UPLOAD_MB
from tests.unit.user_pictures import build_png
from tests.unit.user_zip import build_pngs, pack


@pytest.fixture(scope="module")
def pngs():
    return build_pngs()


@pytest.fixture(autouse=True)
def assert_nothing_is_written(tmp_path, monkeypatch):
    """No zip changes the current folder or its parents."""
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    yield
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")} <= {"a", "a/b"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unsupported_compression_methods_are_skipped(pngs, method):
    """Python decompresses their blocks whole, so that a small file could fill the memory."""
    content = io.BytesIO(pack([("7/good.png", pngs[0][1])]))
    with zipfile.ZipFile(content, "a", method) as archive:
        archive.writestr("8/bomb.png", bytes(50_000_000))
    damaged = bytearray(content.getvalue().replace(
        struct.pack("<I", 50_000_000), struct.pack("<I", 1000)))  # fmt: skip
    test_set = read_labelled_zip(bytes(damaged))
    assert test_set.labels.tolist() == [7]
    assert test_set.skipped == {"unsupported compression method": 1}


def test_a_zip_of_a_later_version_is_rejected(pngs):
    content = bytearray(pack([("7/good.png", pngs[0][1])]))
    content[content.index(b"PK\x01\x02") + 6] = 99  # version needed to extract
    with pytest.raises(LabelledFilesError, match="zip cannot be read"):
        read_labelled_zip(bytes(content))


@pytest.mark.parametrize("content", [b"", b"PK", b"hello" * 100, b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_not_a_zip_is_rejected(content):
    with pytest.raises(LabelledFilesError):
        read_labelled_zip(content)


def test_a_truncated_zip_is_rejected(pngs):
    whole = pack([("7/a.png", pngs[0][1])] * 3)
    for length in range(0, len(whole), 97):
        with pytest.raises(LabelledFilesError):
            read_labelled_zip(whole[:length])


def test_100_000_files_are_rejected():
    with pytest.raises(LabelledFilesError, match="more than 20,000 files"):
        read_labelled_zip(pack((f"7/{k}.png", b"") for k in range(100_000)))


def test_a_directory_of_gigabytes_is_rejected_unread():
    """The end record says two files, and a directory of 3 GB."""
    whole = bytearray(pack([("7/a.png", b"a"), ("7/b.png", b"b")]))
    whole[-10:-6] = struct.pack("<I", 3_000_000_000)
    with pytest.raises(LabelledFilesError, match="more than 20,000 files"):
        read_labelled_zip(bytes(whole))


def test_a_zip_bomb_is_skipped_whatever_size_it_declares(pngs):
    """100 MB of zeros; the second archive declares 1,000 bytes."""
    good = ("7/good.png", pngs[0][1])
    declared = pack([good, ("7/bomb.png", bytes(100_000_000))])
    test_set = read_labelled_zip(declared)
    assert (test_set.names, test_set.skipped) == (("7/good.png",), {"larger than 20 MB": 1})
    undeclared = declared.replace(struct.pack("<I", 100_000_000), struct.pack("<I", 1000))
    assert undeclared != declared
    test_set = read_labelled_zip(undeclared)
    assert test_set.names == ("7/good.png",)
    assert sum(test_set.skipped.values()) == 1


def test_the_uncompressed_size_of_a_zip_is_limited():
    large = bytes(19_000_000)
    with pytest.raises(LabelledFilesError, match="larger than 500 MB together"):
        read_labelled_zip(pack((f"7/{k}.png", large) for k in range(27)))


def test_an_image_of_too_many_pixels_is_skipped(pngs):
    """A PNG of a few bytes that declares 60,000 by 60,000 pixels."""
    bomb = build_png(60_000, 60_000)
    test_set = read_labelled_zip(pack([("7/good.png", pngs[0][1]), ("7/wide.png", bomb)]))
    assert list(test_set.skipped.values()) == [1]


def test_a_zip_has_a_budget_of_pixels(pngs, monkeypatch):
    """The budget covers ten of the twenty images of 140 x 140."""
    monkeypatch.setattr(user_test_set, "MAX_ZIP_PIXELS", 10 * 140 * 140)
    files = [(f"{label}/{k}.png", content) for k, (label, content) in enumerate(pngs)]
    test_set = read_labelled_zip(pack(files))
    assert len(test_set.labels) == 10
    assert test_set.skipped == {"beyond 0 megapixels in all": 10}


_MEASURE_ZIP = r"""
import io, re, sys, zipfile
from pathlib import Path

from PIL import Image

from digitlab.errors import LabelledFilesError
from digitlab.evaluation.user_test_set import read_labelled_zip

def read_peak_mb():
    # Not getrusage: a new process inherits the peak of the one that started it.
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024

picture = Image.open("digit.png").convert("RGB")
# Load every library once, with an image of ordinary size.
small = io.BytesIO()
picture.save(small, "WEBP")
content = io.BytesIO()
with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("7/small.webp", small.getvalue())
read_labelled_zip(content.getvalue())
before_mb = read_peak_mb()
with open("large.zip", "rb") as file:
    zipped = file.read()
try:
    read_labelled_zip(zipped)
except LabelledFilesError as error:
    print(error, file=sys.stderr)
print(read_peak_mb() - before_mb)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    ("side_px", "mode", "n_files"), [(7071, "RGB", 1500), (3464, "RGBA", 12)], ids=str
)
def test_a_zip_of_enormous_images_takes_little_memory(
    pngs, tmp_path_factory, side_px, mode, n_files
):
    """1,500 WebP of 50 megapixels in half a megabyte; and the largest that are decoded."""
    folder = tmp_path_factory.mktemp("large")
    large = io.BytesIO()
    colour = (200, 190, 180, 128)[: len(mode)]
    Image.new(mode, (side_px, side_px), colour).save(large, "WEBP")
    (folder / "digit.png").write_bytes(pngs[0][1])
    content = pack((f"7/{k}.webp", large.getvalue()) for k in range(n_files))
    assert len(content) < 1_000_000
    (folder / "large.zip").write_bytes(content)
    measured = subprocess.run(
        [sys.executable, "-c", _MEASURE_ZIP], cwd=folder, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT_DIR)}, check=True, timeout=120,
    )  # fmt: skip
    assert float(measured.stdout) < 200, measured.stderr


def test_server_and_pages_have_the_same_upload_limit():
    config = tomllib.loads((PROJECT_DIR / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["server"]["maxUploadSize"] == MAX_UPLOAD_MB == 50
    assert MAX_ARCHIVE_BYTES == MAX_UPLOAD_MB * 1024 * 1024


def test_a_zip_above_the_upload_limit_is_rejected(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "large.zip"
    with path.open("wb") as file:
        file.truncate(MAX_ARCHIVE_BYTES + 1)
    with pytest.raises(LabelledFilesError, match="larger than 50 MB"):
        read_labelled_zip(path)


def test_an_encrypted_zip_is_explained(pngs):
    encrypted = bytearray(pack([("7/a.png", pngs[0][1])]))
    # The flag "encrypted", in the local header and in the directory.
    encrypted[6] |= 1
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(LabelledFilesError, match="damaged or encrypted"):
        read_labelled_zip(bytes(encrypted))


def test_skipped_files_are_counted_by_reason(pngs):
    good = pngs[0][1]
    test_set = read_labelled_zip(pack([
        ("7/good.PNG", good), ("eleven/one.png", good), ("11/one.png", good), ("one.png", good),
        ("٣/arabic.png", good), ("7/notes.txt", b"hello"), ("7/broken.png", b"no picture"),
        ("__MACOSX/7/._good.png", b"x"), ("7/.DS_Store", b"x"),
        ("7/cut.png", good[:200]), ("../../7/out.png", good), ("/7/root.png", good),
        ("7\\..\\..\\7\\out.png", good), ("C:/7/drive.png", good),
    ]))  # fmt: skip
    assert test_set.names == ("7/good.PNG",)
    assert test_set.skipped == {
        "not in a folder named 0 to 9": 4, "not an image file": 1, "hidden system file": 2,
        "no digit can be read": 2, "the path leads outside the zip": 4,
    }  # fmt: skip
    assert "1 file skipped: not an image file." in test_set.describe_skipped()
