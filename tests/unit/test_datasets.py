import gzip
import hashlib
import io
import pickle
import tarfile
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets.loading import load_dataset, load_local_dataset, measure_download_bytes
from digitlab.datasets.registry import (
    COPIES,
    DATASETS,
    UNVERIFIED_NOTE,
)
from digitlab.datasets.sample import load_sample, mask_sample
from digitlab.datasets.sources import read_arrays
from digitlab.datasets.spec import DatasetSpec, RemoteFile
from digitlab.errors import ConfigError, DatasetCorruptError, DatasetUnavailableError
from digitlab.model_store.store import get_model

N_TRAIN, N_TEST = 12, 5


def make_arrays(shape=(28, 28)):
    random = np.random.default_rng(0)
    return {
        "x_train": random.integers(0, 256, (N_TRAIN, *shape), dtype=np.uint8),
        "y_train": random.integers(0, 10, N_TRAIN, dtype=np.uint8),
        "x_test": random.integers(0, 256, (N_TEST, *shape), dtype=np.uint8),
        "y_test": random.integers(0, 10, N_TEST, dtype=np.uint8),
    }


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def make_npz(arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def make_spec(files, layout, arrays, *, by_content=False, base_url="http://127.0.0.1:9"):
    """A small data set; by default the publisher's server is unreachable."""
    remotes = tuple(
        RemoteFile(name, f"{base_url}/{name}", len(content), sha256(content), (f"keras/{name}",))
        for name, content in files.items()
    )
    known = {name: sha256(array.tobytes()) for name, array in arrays.items()} if by_content else {}
    return replace(
        DATASETS["mnist"],
        id="tiny",
        label="Tiny",
        image_shape=arrays["x_train"].shape[1:],
        n_train=N_TRAIN,
        n_test=N_TEST,
        files=remotes,
        layout=layout,
        array_sha256=known,
        has_sample=False,
    )


@pytest.fixture
def npz_dataset(tmp_path, monkeypatch):
    """A spec verified by its arrays, these, the file's bytes, and the user's data folder."""
    arrays = make_arrays()
    content = make_npz(arrays)
    spec = make_spec({"tiny.npz": content}, "npz", arrays, by_content=True)
    folder = tmp_path / "data"
    folder.mkdir()
    return spec, arrays, content, folder


class _Publisher(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Keep the test's output clean."""


@pytest.fixture
def publisher(tmp_path):
    """A real web server; yields its folder and its address."""
    folder = tmp_path / "publisher"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Publisher, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def at(spec: DatasetSpec, base_url: str) -> DatasetSpec:
    return replace(spec, files=tuple(replace(f, url=f"{base_url}/{f.name}") for f in spec.files))


def assert_equals(dataset, arrays):
    assert np.array_equal(dataset.images_train, arrays["x_train"])
    assert np.array_equal(dataset.labels_train, arrays["y_train"])
    assert np.array_equal(dataset.images_test, arrays["x_test"])
    assert np.array_equal(dataset.labels_test, arrays["y_test"])
    assert dataset.images_train.dtype == dataset.labels_train.dtype == np.uint8
    assert not dataset.is_sample


def test_the_users_folder_is_tried_first(npz_dataset):
    spec, arrays, content, folder = npz_dataset
    (folder / "tiny.npz").write_bytes(content)
    dataset = load_dataset(spec)
    assert_equals(dataset, arrays)
    assert str(folder) in dataset.source
    assert dataset.notes == ()


def test_the_same_arrays_in_another_container_are_accepted(npz_dataset):
    spec, arrays, content, folder = npz_dataset
    np.savez(folder / "tiny.npz", **{name: a.astype(np.int64) for name, a in arrays.items()})
    assert (folder / "tiny.npz").read_bytes() != content
    assert_equals(load_dataset(spec), arrays)


def test_keras_cache_is_tried_next(npz_dataset, tmp_path):
    spec, arrays, content, _ = npz_dataset
    cached = tmp_path / "keras" / "datasets" / "keras" / "tiny.npz"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    dataset = load_dataset(spec)
    assert_equals(dataset, arrays)
    assert "Keras" in dataset.source


@pytest.mark.parametrize("damage", ["truncated", "garbage"])
def test_a_damaged_file_is_replaced_by_a_download(npz_dataset, publisher, damage):
    spec, arrays, content, folder = npz_dataset
    served, base_url = publisher
    (served / "tiny.npz").write_bytes(content)
    damaged = {"truncated": content[: len(content) // 2], "garbage": b"<html>Not found</html>"}
    (folder / "tiny.npz").write_bytes(damaged[damage])
    progress = []
    dataset = load_dataset(at(spec, base_url), progress=lambda *step: progress.append(step))
    assert_equals(dataset, arrays)
    assert "server" in dataset.source
    assert "damaged or was changed" in dataset.load_errors[0]
    assert dataset.notes == ()
    assert progress[-1] == (len(content), len(content))


def test_changed_content_is_used_from_the_users_folder_only_and_noted(npz_dataset, tmp_path):
    spec, arrays, _, folder = npz_dataset
    changed = {name: array.copy() for name, array in arrays.items()}
    changed["y_test"][0] ^= 1
    (folder / "tiny.npz").write_bytes(make_npz(changed))
    dataset = load_dataset(spec)
    assert dataset.labels_test[0] == changed["y_test"][0]
    assert dataset.notes == (UNVERIFIED_NOTE,)
    (folder / "tiny.npz").unlink()
    cached = tmp_path / "keras" / "datasets" / "keras" / "tiny.npz"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(make_npz(changed))
    with pytest.raises(DatasetUnavailableError, match="differs from the published one"):
        load_dataset(spec)


def save_copies(folder):
    """Both copies of CIFAR-10: all photos as JPEG, and a part of them."""
    random = np.random.default_rng(0)

    def encode(n):
        # Smooth pictures, which JPEG hardly changes.
        images = np.broadcast_to(random.integers(0, 256, (n, 1, 1, 3), np.uint8), (n, 32, 32, 3))
        files = []
        for image in images:
            file = io.BytesIO()
            Image.fromarray(image).save(file, "JPEG", quality=95)
            files.append(np.frombuffer(file.getvalue(), np.uint8))
        ends = np.cumsum([len(file) for file in files])
        return images, np.concatenate(files), ends, random.integers(0, 10, n, np.uint8)

    arrays = {}
    images = {}
    for half, n in (("train", N_TRAIN), ("test", N_TEST)):
        images[half], *columns = encode(n)
        arrays |= zip((f"jpeg_{half}", f"end_{half}", f"y_{half}"), columns, strict=True)
    np.savez(folder / "cifar10_jpeg.npz", **arrays)
    part = random.integers(0, 256, (16, 32, 32, 3), np.uint8)
    np.savez(folder / "cifar10_first4000.npz", x=part, y=np.arange(16) % 10)
    return images, part


def test_copies_are_named_wherever_the_original_is_missing(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    images, part = save_copies(folder)
    jpeg, first = (replace(spec, n_train=n_train, n_test=n_test) for spec, n_train, n_test in
                   zip(COPIES, (N_TRAIN, 12), (N_TEST, 4), strict=True))  # fmt: skip
    monkeypatch.setattr("digitlab.datasets.loading.COPIES", (jpeg, first))
    dataset = load_dataset("cifar10", may_download=False)
    assert np.abs(dataset.images_train.astype(int) - images["train"]).max() <= 3
    assert np.abs(dataset.images_test.astype(int) - images["test"]).max() <= 3
    assert (dataset.spec.id, dataset.spec.label) == ("cifar10_jpeg", "CIFAR-10 photos (JPEG copy)")
    assert "Unverified copy" in dataset.notes[0]
    assert "JPEG" in dataset.notes[0]
    assert measure_download_bytes("cifar10") == 0

    chosen = load_local_dataset("cifar10", copy_id="cifar10_first4000")
    assert np.array_equal(chosen.images_test, part[12:])
    assert load_local_dataset("cifar10") is None
    (folder / "cifar10_jpeg.npz").unlink()
    assert load_dataset("cifar10", may_download=False).spec.id == "cifar10_first4000"


def test_a_pickle_that_runs_code_is_refused(tmp_path):
    class Malicious:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "executed",))

    content = pickle.dumps({b"data": Malicious(), b"labels": []})
    with tarfile.open(tmp_path / "cifar.tar.gz", mode="w:gz") as archive:
        for name in (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"):
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    with pytest.raises(DatasetCorruptError, match="is no array"):
        read_arrays(DATASETS["cifar10"], [tmp_path / "cifar.tar.gz"])
    assert not (tmp_path / "executed").exists()


def test_the_size_of_a_download_is_known_before_it(npz_dataset, monkeypatch):
    spec, _, content, folder = npz_dataset
    monkeypatch.setitem(DATASETS, "mnist", spec)
    derived = replace(DATASETS["handwriting"], base=spec)
    monkeypatch.setitem(DATASETS, "handwriting", derived)
    assert measure_download_bytes("mnist") == measure_download_bytes("handwriting") == len(content)
    (folder / "tiny.npz").write_bytes(content)
    assert measure_download_bytes("mnist") == 0


def test_a_download_is_kept(npz_dataset, publisher):
    spec, arrays, content, _ = npz_dataset
    served, base_url = publisher
    (served / "tiny.npz").write_bytes(content)
    load_dataset(at(spec, base_url))
    (served / "tiny.npz").unlink()
    dataset = load_dataset(at(spec, base_url))
    assert_equals(dataset, arrays)
    assert "cache" in dataset.source


def test_no_download_unless_allowed(npz_dataset, publisher):
    spec, _, content, _ = npz_dataset
    served, base_url = publisher
    (served / "tiny.npz").write_bytes(content)
    with pytest.raises(DatasetUnavailableError):
        load_dataset(at(spec, base_url), may_download=False)


def test_a_damaged_download_is_not_used(npz_dataset, publisher):
    spec, _, content, _ = npz_dataset
    served, base_url = publisher
    (served / "tiny.npz").write_bytes(content[:-20])
    with pytest.raises(DatasetUnavailableError, match="could not be downloaded"):
        load_dataset(at(spec, base_url))


def test_the_error_without_any_source_names_the_way_out(npz_dataset):
    with pytest.raises(DatasetUnavailableError, match=r"no connection.*tiny.npz.*DIGITLAB_DATA"):
        load_dataset(npz_dataset[0])


def test_idx_files(tmp_path):
    arrays = make_arrays()
    files = {}
    for name, array in arrays.items():
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        files[f"{name}.gz"] = gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())
    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    spec = make_spec(files, "idx", arrays)
    assert_equals(load_dataset(spec), arrays)
    (folder / "x_train.gz").write_bytes(files["x_train.gz"][:-9])
    with pytest.raises(DatasetUnavailableError, match=r"x_train.gz is damaged"):
        load_dataset(spec)


def test_cifar_archive(tmp_path):
    arrays = make_arrays((32, 32, 3))
    # Five training batches, of 4, 2, 2, 2 and 2 images.
    parts = np.split(np.arange(N_TRAIN), [4, 6, 8, 10])
    batches = {f"data_batch_{k + 1}": ("train", part) for k, part in enumerate(parts)}
    batches["test_batch"] = ("test", np.arange(N_TEST))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, (half, part) in batches.items():
            images = arrays[f"x_{half}"][part].transpose(0, 3, 1, 2).reshape(len(part), -1)
            labels = [int(label) for label in arrays[f"y_{half}"][part]]
            content = pickle.dumps({b"data": images, b"labels": labels})
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "cifar.tar.gz").write_bytes(buffer.getvalue())
    spec = make_spec({"cifar.tar.gz": buffer.getvalue()}, "cifar", arrays)
    assert_equals(load_dataset(spec), arrays)


def test_an_unknown_data_set_is_rejected():
    with pytest.raises(ConfigError, match="'no_such_set'.*" + ", ".join(DATASETS)):
        load_dataset("no_such_set")


def test_offline_mnist_is_the_sample_with_a_note():
    dataset = load_dataset("mnist")
    assert dataset.is_sample
    assert "offline sample of 5,000" in dataset.notes[-1]
    assert dataset.images_train.shape == (4000, 28, 28)
    assert dataset.images_test.shape == (1000, 28, 28)


def test_the_sample_is_balanced_and_its_splits_are_disjoint():
    sample = load_sample()
    assert set(np.bincount(sample["y_train"])) == {400}
    assert set(np.bincount(sample["y_test"])) == {100}
    # A validation split takes the last images, which must contain every digit.
    assert len(set(sample["y_train"][-400:])) == 10
    train = {image.tobytes() for image in sample["x_train"]}
    test = {image.tobytes() for image in sample["x_test"]}
    assert not train & test


def test_real_mnist_and_its_sample(shared_data_dir, monkeypatch):
    monkeypatch.setenv("DIGITLAB_DATA", str(shared_data_dir))
    dataset = load_dataset("mnist")
    assert dataset.images_train.shape == (60_000, 28, 28)
    masked = dataset.images_train[mask_sample(dataset.labels_train)]
    sample = load_sample()
    expected = {image.tobytes() for image in (*sample["x_train"], *sample["x_test"])}
    assert {image.tobytes() for image in masked} == expected
    assert len(masked) == 5000


@pytest.mark.parametrize("error", [OSError(), ValueError("")])
def test_an_error_without_a_message_is_reported_by_its_type(npz_dataset, publisher, error):
    """Here it is raised while the download reports its progress."""
    spec, _, content, _ = npz_dataset
    served, base_url = publisher
    (served / "tiny.npz").write_bytes(content)

    def fail(*_):
        raise error

    with pytest.raises(DatasetUnavailableError, match=rf"downloaded \({type(error).__name__}\)"):
        load_dataset(at(spec, base_url), progress=fail)


def test_a_derived_data_set_loads_its_base():
    spec = replace(DATASETS["handwriting"], id="derived")
    assert load_dataset(spec).spec.id == "mnist"


@pytest.mark.parametrize("spec", DATASETS.values(), ids=lambda spec: spec.id)
def test_models_of_a_new_digit_data_set_read_digits(monkeypatch, spec):
    """The Draw page offers a model by its data set's facts, not by a known id."""
    monkeypatch.setitem(DATASETS, "new", replace(spec, id="new"))
    shipped = get_model("simple_cnn")
    card = shipped.card | {"data": shipped.card["data"] | {"dataset": "new"}}
    assert replace(shipped, card=card).reads_digits == spec.is_digits
